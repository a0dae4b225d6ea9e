// Nodes that pods name and that the cache lacks, each with the time since when. Not seeing a node may only mean that the cache is
// behind, so that its pods have time. Pure: time is handed in.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace actors::controllers::podgc {

class quarantine {
public:
  /// Upstream's quarantineTime.
  static constexpr int64_t time_us = 40'000'000;
  /// Others wait until there is room.
  static constexpr size_t nodes_max = 10'000;

  /// All that are missing now: new ones begin their time, those that are not missing any longer are forgotten.
  template <class Nodes> // a map by name
  void look(const Nodes& missing, int64_t now_us) {
    std::erase_if(since_, [&](const auto& item) { return !missing.contains(item.first); });
    for (const auto& [node, ignored] : missing)
      if (since_.size() < nodes_max || since_.contains(node))
        since_.try_emplace(node, now_us);
  }
  /// It is there.
  void release(std::string_view node);
  /// Those whose time is over, in order of their names.
  std::vector<std::string> due(int64_t now_us) const;
  /// When the next one's time is over that is not over yet.
  std::optional<int64_t> next_due(int64_t now_us) const;

private:
  std::map<std::string, int64_t, std::less<>> since_;
};

} // namespace actors::controllers::podgc
