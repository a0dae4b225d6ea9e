// Zones and their rates.
#include "actors/controllers/nodelifecycle/zones.hpp"

#include <algorithm>

namespace actors::controllers::nodelifecycle {

namespace {
constexpr double rate_normal = 0.1;
constexpr double rate_disrupted = 0.01;
constexpr int32_t large_zone_nodes = 50; // smaller disrupted zones keep their nodes
constexpr double disrupted_share = 0.55;
constexpr int32_t disrupted_nodes = 2;
} // namespace

zone_state state_of(int32_t ready, int32_t lost) {
  if (ready == 0 && lost > 0)
    return zone_state::full_disruption;
  if (lost > disrupted_nodes && static_cast<double>(lost) / (lost + ready) >= disrupted_share)
    return zone_state::partial_disruption;
  return zone_state::normal;
}

double eviction_rate(zone_state state, int32_t nodes) {
  if (state == zone_state::partial_disruption)
    return nodes > large_zone_nodes ? rate_disrupted : 0;
  return rate_normal; // a zone that is lost as a whole is given up while others live
}

void zone_table::count(const node_entry& node, int32_t by) {
  auto& zone = zones_[node.zone];
  (node.ready ? zone.ready : zone.lost) += by;
  if (zone.ready == 0 && zone.lost == 0 && by < 0)
    zones_.erase(node.zone);
}

bool zone_table::put(const std::string& node, const std::string& zone, bool ready) {
  const bool all_were_lost = all_lost();
  const auto state_before = state(zone);
  const auto found = nodes_.find(node);
  const node_entry next{zone, ready};
  count(next, 1); // first, so that the zone's rate is not forgotten
  if (found != nodes_.end())
    count(found->second, -1);
  nodes_[node] = next;
  return all_were_lost != all_lost() || state_before != state(zone);
}

bool zone_table::erase(const std::string& node) {
  const auto found = nodes_.find(node);
  if (found == nodes_.end())
    return false;
  const bool all_were_lost = all_lost();
  const auto gone = found->second;
  const auto state_before = state(gone.zone);
  nodes_.erase(found);
  count(gone, -1);
  return all_were_lost != all_lost() || state_before != state(gone.zone);
}

bool zone_table::all_lost() const {
  return !zones_.empty() && std::all_of(zones_.begin(), zones_.end(), [](const auto& zone) {
    return state_of(zone.second.ready, zone.second.lost) == zone_state::full_disruption;
  });
}

zone_state zone_table::state(const std::string& zone) const {
  const auto found = zones_.find(zone);
  return found == zones_.end() ? zone_state::normal : state_of(found->second.ready, found->second.lost);
}

zone_table::answer zone_table::ask(const std::string& name, int64_t now_us) {
  auto& zone = zones_[name];
  const double rate = all_lost() ? 0 : eviction_rate(state_of(zone.ready, zone.lost), zone.ready + zone.lost);
  if (rate <= 0)
    return {};
  if (now_us < zone.next_us)
    return {false, zone.next_us};
  zone.before_last_us = zone.next_us;
  zone.next_us = now_us + static_cast<int64_t>(1'000'000 / rate);
  return {true, std::nullopt};
}

void zone_table::give_back(const std::string& name) {
  if (const auto found = zones_.find(name); found != zones_.end())
    found->second.next_us = found->second.before_last_us;
}

} // namespace actors::controllers::nodelifecycle
