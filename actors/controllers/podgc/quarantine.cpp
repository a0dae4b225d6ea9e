// Whose time is over.
#include "actors/controllers/podgc/quarantine.hpp"

namespace actors::controllers::podgc {

void quarantine::release(std::string_view node) {
  if (const auto found = since_.find(node); found != since_.end())
    since_.erase(found);
}

std::vector<std::string> quarantine::due(int64_t now_us) const {
  std::vector<std::string> result;
  for (const auto& [node, since] : since_)
    if (since + time_us <= now_us)
      result.push_back(node);
  return result;
}

std::optional<int64_t> quarantine::next_due(int64_t now_us) const {
  std::optional<int64_t> result;
  for (const auto& [node, since] : since_)
    if (const int64_t due = since + time_us; due > now_us && (!result || due < *result))
      result = due;
  return result;
}

} // namespace actors::controllers::podgc
