// JSON text <-> drafts. Nothing here knows a schema.
#pragma once

#include "messages/codec/draft.hpp"
#include "messages/codec/limits.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace messages::codec {

/// `path` is like spec.containers[0].image, "" for the whole document; `message` is what a client is shown.
struct codec_error {
  std::string path;
  std::string message;
};

enum class unknown_field_policy : uint8_t { ignore, warn, strict };

struct decode_result {
  draft value;
  /// `unknown field "spec.foo"`, `duplicate field "spec.x"`; at most strict_errors_max.
  std::vector<std::string> strict_errors;
  std::optional<codec_error> error; // then `value` is null
};

/// Any one JSON value and nothing after it. Of duplicate keys the last one counts, and they are reported.
decode_result parse_json(std::string_view text, const json_limits& limits = {});

/// Minified, escaped as Go's encoding/json does, members in their order.
void encode_json(const draft& value, std::string& out);
std::string to_json(const draft& value);

} // namespace messages::codec
