// How fast nodes may be given up: slowly, more slowly when many are lost at once, and not at all when all are, since
// then it is more likely that we are cut off. Pure: time is handed in.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>

namespace actors::controllers::nodelifecycle {

enum class zone_state { normal, partial_disruption, full_disruption };

/// Upstream's thresholds: more than 2 nodes and 55% lost is a partial disruption.
zone_state state_of(int32_t ready, int32_t lost);
/// Nodes per second that may be given up in a zone; 0: none.
double eviction_rate(zone_state state, int32_t nodes);

class zone_table {
public:
  /// A node is there; called with each change. True: what may be evicted anywhere may have changed.
  bool put(const std::string& node, const std::string& zone, bool ready);
  bool erase(const std::string& node);
  /// Every node of every zone is lost: nothing is evicted, evictions that have begun are withdrawn.
  bool all_lost() const;
  zone_state state(const std::string& zone) const;
  /// Takes the permission to give up one node of `zone` now; otherwise when to ask again, nullopt: when a zone changes.
  struct answer {
    bool allowed = false;
    std::optional<int64_t> ask_again_us;
  };
  answer ask(const std::string& zone, int64_t now_us);
  /// A permission that was not used after all.
  void give_back(const std::string& zone);

private:
  struct zone_counts {
    int32_t ready = 0, lost = 0;
    int64_t next_us = 0; // of the next permission
    int64_t before_last_us = 0;
  };
  struct node_entry {
    std::string zone;
    bool ready = false;
  };
  void count(const node_entry& node, int32_t by);

  std::map<std::string, zone_counts> zones_;
  std::unordered_map<std::string, node_entry> nodes_;
};

} // namespace actors::controllers::nodelifecycle
