// Base64 as in RFC 4648 with padding; line breaks inside are skipped, as Go does.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace messages::codec {

void append_base64(const uint8_t* data, size_t size, std::string& out);
/// The error is Go's text: `illegal base64 data at input byte 4`.
std::optional<std::string> decode_base64(std::string_view text, std::string* error = nullptr);

} // namespace messages::codec
