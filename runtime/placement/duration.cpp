#include "runtime/placement/duration.hpp"

#include <charconv>
#include <utility>

namespace runtime::placement {

namespace {

constexpr int64_t ms_max = 1'000'000'000;
// The longest first: what is printed uses the first that fits.
constexpr std::pair<std::string_view, int64_t> units[] = {
  {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}};

} // namespace

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  int64_t count = 0;
  auto end = text.data() + text.size();
  auto [rest, failure] = std::from_chars(text.data(), end, count);
  if (failure != std::errc{} || rest == text.data() || text.front() == '-')
    return std::nullopt;
  std::string_view unit{rest, static_cast<size_t>(end - rest)};
  for (auto& [name, factor] : units)
    if (name == unit && count <= ms_max / factor)
      return std::chrono::milliseconds{count * factor};
  return std::nullopt;
}

std::string to_text(std::chrono::milliseconds duration) {
  auto count = duration.count();
  for (auto& [name, factor] : units)
    if (count != 0 && count % factor == 0)
      return std::to_string(count / factor) + std::string{name};
  return "0s";
}

} // namespace runtime::placement
