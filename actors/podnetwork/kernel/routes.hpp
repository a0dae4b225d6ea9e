// Routes of the main table that are ours, over rtnetlink.
#pragma once

#include "actors/podnetwork/plan/model.hpp"
#include "runtime/net/netlink.hpp"

namespace actors::podnetwork::kernel {

// Marks routes as made by this role: `ip route` shows it as "proto 116". Others are never touched.
inline constexpr uint8_t route_protocol = 116; // 't'

struct kernel_route {
  plan::ipv4 gateway;
  uint32_t link = 0;
  plan::ipv4 source;
  bool onlink = false; // the gateway is a neighbour although no address says so

  auto operator<=>(const kernel_route&) const = default;
};
using route_map = std::map<plan::ipv4_network, kernel_route>;

route_map read_routes(runtime::net::netlink_socket& socket);
// 0 or an errno value: EEXIST when somebody else has a route to the same range and `replace` is not set.
int put_route(runtime::net::netlink_socket& socket, const plan::ipv4_network& to, const kernel_route& route, bool replace);
int remove_route(runtime::net::netlink_socket& socket, const plan::ipv4_network& to);

} // namespace actors::podnetwork::kernel
