// Which UDP flows the kernel would go on sending to an endpoint that is no longer one. A TCP connection ends
// with its endpoint; a UDP flow's translation lives as long as packets keep coming, so it has to be removed.
// Pure: upstream's criteria (a flow to a service's address or node port whose answers come from elsewhere).
#pragma once

#include "actors/proxy/tracker/rule_model.hpp"

#include <map>
#include <set>

namespace actors::proxy::nftables {

// A tracked flow: where its first packet was sent, and where answers come from.
struct tracked_flow {
  tracker::target original_destination;
  tracker::target reply_source;
};

// UDP service ports that changed, with the endpoints that they have now.
class udp_targets {
public:
  // `before` or `after` is null when the port is new or gone. A later change of a port replaces an earlier
  // one.
  void add(const tracker::port_rules* before, const tracker::port_rules* after);
  bool empty() const { return by_address_.empty() && by_node_port_.empty(); }
  bool is_stale(const tracked_flow& flow) const;
  void clear() { by_address_.clear(), by_node_port_.clear(); }

private:
  using target_set = std::set<tracker::target>;
  std::map<tracker::target, target_set> by_address_;
  std::map<uint16_t, target_set> by_node_port_;
};

} // namespace actors::proxy::nftables
