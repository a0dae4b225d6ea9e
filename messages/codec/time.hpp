// RFC 3339 text <-> seconds or microseconds since the epoch, as upstream's Time and MicroTime.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace messages::codec {

/// Seconds; a fraction is accepted and dropped, offsets are converted to UTC. The error is Go's text.
std::optional<int64_t> parse_time(std::string_view text, std::string* error = nullptr);
/// Microseconds; exactly six fractional digits, as upstream wants.
std::optional<int64_t> parse_micro_time(std::string_view text, std::string* error = nullptr);

/// "2006-01-02T15:04:05Z". Years outside 0..9999 are clamped: RFC 3339 cannot say them.
void append_time(int64_t seconds, std::string& out);
/// "2006-01-02T15:04:05.000000Z"
void append_micro_time(int64_t micros, std::string& out);
std::string format_time(int64_t seconds);
std::string format_micro_time(int64_t micros);

} // namespace messages::codec
