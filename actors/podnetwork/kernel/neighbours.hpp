// Who is where behind the vxlan device: neighbours (address to link address) and forwarding entries (link address to
// node), over rtnetlink. All permanent entries of our device are ours.
#pragma once

#include "actors/podnetwork/plan/model.hpp"
#include "runtime/net/netlink.hpp"

namespace actors::podnetwork::kernel {

std::map<plan::ipv4, plan::mac_address> read_neighbours(runtime::net::netlink_socket& socket, uint32_t device);
std::map<plan::mac_address, plan::ipv4> read_forwarding(runtime::net::netlink_socket& socket, uint32_t device);

// Each makes the entry or gives it another value; 0 or an errno value.
int put_neighbour(runtime::net::netlink_socket& socket, uint32_t device, plan::ipv4 address, const plan::mac_address& mac);
int put_forwarding(runtime::net::netlink_socket& socket, uint32_t device, const plan::mac_address& mac, plan::ipv4 node);
int remove_neighbour(runtime::net::netlink_socket& socket, uint32_t device, plan::ipv4 address);
int remove_forwarding(runtime::net::netlink_socket& socket, uint32_t device, const plan::mac_address& mac, plan::ipv4 node);

} // namespace actors::podnetwork::kernel
