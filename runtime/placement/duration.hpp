// Durations as a placement file has them: "100ms", "10s", "2m", "1h".
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace runtime::placement {

/// A whole number and its unit, ms, s, m or h; nothing for anything else, or for more than about 11 days.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

/// The shortest text that parse_duration reads as this: "90s", "2m".
std::string to_text(std::chrono::milliseconds duration);

} // namespace runtime::placement
