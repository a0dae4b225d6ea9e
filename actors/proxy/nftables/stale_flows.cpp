// The choice of stale UDP flows.
#include "actors/proxy/nftables/stale_flows.hpp"

namespace actors::proxy::nftables {
namespace {

bool is_udp(const tracker::port_rules* rules) { return rules && rules->protocol == tracker::protocol::udp; }

bool same_targets(const tracker::port_rules& a, const tracker::port_rules& b) {
  return a.cluster_ip == b.cluster_ip && a.port == b.port && a.node_port == b.node_port &&
         a.cluster_targets == b.cluster_targets && a.local_targets == b.local_targets;
}

} // namespace

void udp_targets::add(const tracker::port_rules* before, const tracker::port_rules* after) {
  if (is_udp(before) && is_udp(after) && same_targets(*before, *after))
    return;
  // An entry for what was there, even when nothing replaces it: then each of its flows is stale.
  for (const auto* rules : {before, after}) {
    if (!is_udp(rules))
      continue;
    by_address_.try_emplace({rules->cluster_ip, rules->port});
    if (rules->node_port != 0)
      by_node_port_.try_emplace(rules->node_port);
  }
  if (!is_udp(after))
    return;
  target_set now(after->cluster_targets.begin(), after->cluster_targets.end());
  now.insert(after->local_targets.begin(), after->local_targets.end());
  if (after->node_port != 0)
    by_node_port_[after->node_port] = now;
  by_address_[{after->cluster_ip, after->port}] = std::move(now);
}

bool udp_targets::is_stale(const tracked_flow& flow) const {
  if (auto found = by_address_.find(flow.original_destination); found != by_address_.end())
    return !found->second.contains(flow.reply_source);
  // Any address may be this node's; a port of the node port range is nobody else's.
  if (auto found = by_node_port_.find(flow.original_destination.port); found != by_node_port_.end())
    return !found->second.contains(flow.reply_source);
  return false;
}

} // namespace actors::proxy::nftables
