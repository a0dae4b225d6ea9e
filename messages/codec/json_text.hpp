// How strings and numbers are spelled in JSON; shared by both encoders.
#pragma once

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

namespace messages::codec {

/// With quotes. Escapes what Go's encoding/json escapes, which is more than JSON asks for: also < > & and
/// U+2028/9. Bytes that are no UTF-8 become U+FFFD.
void append_json_string(std::string_view text, std::string& out);

/// Not finite: 0, since JSON has no spelling for it.
void append_json_number(double value, std::string& out);

inline void append_json_number(int64_t value, std::string& out) {
  char buffer[24];
  out.append(buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr);
}

} // namespace messages::codec
