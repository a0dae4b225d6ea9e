// Options of reads and writes in the query, checked as upstream checks them. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "actors/apiserver/http/url.hpp"
#include "actors/apiserver/status/status.hpp"
#include "messages/codec/draft.hpp"
#include "messages/codec/json.hpp"

namespace actors::apiserver::http {

enum class version_match : uint8_t { unset, not_older_than, exact };

struct list_options {
  std::string label_selector, field_selector;
  int64_t limit = 0;
  std::string continue_token;
  std::optional<int64_t> resource_version; // nullopt: not given (or empty)
  version_match match = version_match::unset;
  std::optional<int64_t> timeout_seconds;
  bool bookmarks = false;
  bool send_initial_events = false;
  bool watch = false;
};

struct write_options {
  bool dry_run = false;
  std::string field_manager;
  messages::codec::unknown_field_policy validation = messages::codec::unknown_field_policy::warn;
};

struct delete_options {
  bool dry_run = false;
  std::optional<int64_t> grace_period_seconds;
  std::string propagation_policy;
  std::string precondition_uid;
  int64_t precondition_revision = 0;
};

status::api_error parse_list_options(const url& target, bool watch, list_options& into);
/// `kind_name`: "CreateOptions", "UpdateOptions", "PatchOptions".
status::api_error parse_write_options(const url& target, std::string_view kind_name, write_options& into);
/// `body`: DeleteOptions as a draft, null without a body; it wins over the query, as upstream.
status::api_error parse_delete_options(const url& target, const messages::codec::draft& body,
                                       delete_options& into);

bool parse_bool(std::string_view text, bool& into);
std::optional<int64_t> parse_integer(std::string_view text);

} // namespace actors::apiserver::http
