// Interfaces of this network namespace over rtnetlink, and the vxlan device that is ours. Functions throw
// std::system_error when the kernel refuses.
#pragma once

#include "actors/podnetwork/plan/model.hpp"
#include "runtime/net/netlink.hpp"

namespace actors::podnetwork::kernel {

// Marks devices as made by this role: the group that `ip link` shows.
inline constexpr uint32_t device_group = 0x7470; // "tp"

struct device {
  uint32_t index = 0;
  std::string name;
  uint32_t mtu = 0;
  uint32_t group = 0;
  bool up = false, loopback = false;
  std::optional<plan::tunnel> tunnel; // what it is as a vxlan device
};

std::vector<device> read_devices(runtime::net::netlink_socket& socket);

struct device_address {
  uint32_t index = 0;
  plan::ipv4 address;
  uint8_t bits = 0;
};
std::vector<device_address> read_addresses(runtime::net::netlink_socket& socket);

// Addresses of devices that are up.
std::vector<plan::local_link> local_links(const std::vector<device>& devices, const std::vector<device_address>& addresses);

void make_tunnel(runtime::net::netlink_socket& socket, const plan::tunnel& wanted);
void remove_device(runtime::net::netlink_socket& socket, uint32_t index);
void set_up(runtime::net::netlink_socket& socket, uint32_t index);
void add_address(runtime::net::netlink_socket& socket, uint32_t index, plan::ipv4 address);
void remove_address(runtime::net::netlink_socket& socket, const device_address& address);

} // namespace actors::podnetwork::kernel
