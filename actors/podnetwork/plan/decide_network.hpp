// Nodes and this machine's links to the network that is wanted here. Pure.
#pragma once

#include "actors/podnetwork/plan/model.hpp"

namespace actors::podnetwork::plan {

inline constexpr uint32_t vxlan_overhead = 50; // bytes that a tunnelled packet is longer
inline constexpr uint32_t mtu_min = 576;

// The address of a node's end of the tunnel: the same for everyone who knows the node's address.
mac_address tunnel_mac(ipv4 node);

desired_network decide_network(const network_settings& settings, const std::vector<node_view>& nodes,
                               const std::vector<local_link>& links);

} // namespace actors::podnetwork::plan
