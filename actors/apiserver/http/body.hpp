// Bodies of writes: from JSON to what the type says, or upstream's refusal. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "actors/apiserver/status/status.hpp"
#include "messages/codec/codec.hpp"

namespace actors::apiserver::http {

struct decoded_body {
  messages::codec::draft value;
  std::vector<std::string> warnings; // unknown and duplicate fields, with policy warn
  status::api_error error;
};

/// `content_type`: the header. apiVersion and kind may be missing: then they are those of `type`.
decoded_body decode_body(const messages::codec::type& type, std::string_view content_type,
                         std::string_view body, messages::codec::unknown_field_policy policy);

/// Any JSON object; for DeleteOptions. An empty body gives null.
decoded_body decode_options(std::string_view kind_name, std::string_view content_type, std::string_view body);

/// Checks the fields that a merge or strategic merge patch names. `patch` is JSON text.
decoded_body check_patch_fields(const messages::codec::type& type, std::string_view patch,
                                messages::codec::unknown_field_policy policy);

/// `299 - "unknown field \"spec.foo\""`: the value of a Warning header.
std::string warning_header(std::string_view text);

} // namespace actors::apiserver::http
