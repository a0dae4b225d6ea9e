// RTM_*LINK and RTM_*ADDR.
#include "actors/podnetwork/kernel/links.hpp"

#include <arpa/inet.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <cstring>
#include <system_error>

namespace actors::podnetwork::kernel {
namespace {

using namespace runtime::net;
using bytes = std::span<const uint8_t>;

template <class T>
T read_as(bytes value) {
  T result{};
  std::memcpy(&result, value.data(), std::min(sizeof result, value.size()));
  return result;
}

template <class Fixed>
bytes attributes_of(const nlmsghdr& message) {
  const auto offset = NLMSG_LENGTH(NLMSG_ALIGN(sizeof(Fixed)));
  if (message.nlmsg_len < offset)
    return {};
  return {reinterpret_cast<const uint8_t*>(&message) + offset, message.nlmsg_len - offset};
}

template <class Fixed>
const Fixed& fixed_of(const nlmsghdr& message) {
  return *static_cast<const Fixed*>(NLMSG_DATA(&message));
}

void check(int error, const std::string& what) {
  if (error != 0)
    throw std::system_error(error, std::generic_category(), what);
}

std::string text_of(bytes value) {
  return {reinterpret_cast<const char*>(value.data()), strnlen(reinterpret_cast<const char*>(value.data()), value.size())};
}

plan::tunnel read_tunnel(bytes data) {
  plan::tunnel result;
  for_each_attribute(data, [&](uint16_t type, bytes value) {
    switch (type) {
      case IFLA_VXLAN_ID: result.vni = read_as<uint32_t>(value); break;
      case IFLA_VXLAN_LINK: result.link = read_as<uint32_t>(value); break;
      case IFLA_VXLAN_LOCAL: result.local.value = ntohl(read_as<uint32_t>(value)); break;
      case IFLA_VXLAN_PORT: result.port = ntohs(read_as<uint16_t>(value)); break;
      default: break;
    }
  });
  return result;
}

void read_link_info(bytes info, std::optional<plan::tunnel>& tunnel) {
  std::string kind;
  bytes data;
  for_each_attribute(info, [&](uint16_t type, bytes value) {
    if (type == IFLA_INFO_KIND)
      kind = text_of(value);
    else if (type == IFLA_INFO_DATA)
      data = value;
  });
  if (kind == "vxlan")
    tunnel = read_tunnel(data);
}

device read_device(const nlmsghdr& message) {
  const auto& info = fixed_of<ifinfomsg>(message);
  device result;
  result.index = static_cast<uint32_t>(info.ifi_index);
  result.up = (info.ifi_flags & IFF_UP) != 0;
  result.loopback = (info.ifi_flags & IFF_LOOPBACK) != 0;
  plan::mac_address mac{};
  for_each_attribute(attributes_of<ifinfomsg>(message), [&](uint16_t type, bytes value) {
    switch (type) {
      case IFLA_IFNAME: result.name = text_of(value); break;
      case IFLA_MTU: result.mtu = read_as<uint32_t>(value); break;
      case IFLA_GROUP: result.group = read_as<uint32_t>(value); break;
      case IFLA_ADDRESS: mac = read_as<plan::mac_address>(value); break;
      case IFLA_LINKINFO: read_link_info(value, result.tunnel); break;
      default: break;
    }
  });
  if (result.tunnel) {
    result.tunnel->device = result.name;
    result.tunnel->mac = mac;
    result.tunnel->mtu = result.mtu;
  }
  return result;
}

ifaddrmsg host_address(uint32_t index, uint8_t bits) {
  ifaddrmsg result{};
  result.ifa_family = AF_INET;
  result.ifa_prefixlen = bits;
  result.ifa_index = index;
  return result;
}

} // namespace

std::vector<device> read_devices(netlink_socket& socket) {
  netlink_message request(RTM_GETLINK, 0);
  request.fixed(ifinfomsg{});
  std::vector<device> result;
  check(socket.dump(request, [&](const nlmsghdr& answer) {
    if (answer.nlmsg_type == RTM_NEWLINK)
      result.push_back(read_device(answer));
  }), "list interfaces");
  return result;
}

std::vector<device_address> read_addresses(netlink_socket& socket) {
  netlink_message request(RTM_GETADDR, 0);
  request.fixed(host_address(0, 0));
  std::vector<device_address> result;
  check(socket.dump(request, [&](const nlmsghdr& answer) {
    const auto& info = fixed_of<ifaddrmsg>(answer);
    if (answer.nlmsg_type != RTM_NEWADDR || info.ifa_family != AF_INET)
      return;
    device_address item{info.ifa_index, {}, info.ifa_prefixlen};
    for_each_attribute(attributes_of<ifaddrmsg>(answer), [&](uint16_t type, bytes value) {
      if (type == IFA_LOCAL)
        item.address.value = ntohl(read_as<uint32_t>(value));
    });
    result.push_back(item);
  }), "list addresses");
  return result;
}

std::vector<plan::local_link> local_links(const std::vector<device>& devices,
                                          const std::vector<device_address>& addresses) {
  std::map<uint32_t, const device*> by_index;
  for (const auto& item : devices)
    by_index[item.index] = &item;
  std::vector<plan::local_link> result;
  for (const auto& item : addresses) {
    const auto found = by_index.find(item.index);
    // Not by way of our own device: what is inside the tunnel is not a neighbour.
    if (found == by_index.end() || !found->second->up || found->second->group == device_group)
      continue;
    const auto& link = *found->second;
    ipv4_network network{item.address, item.bits};
    network.address.value &= network.mask();
    result.push_back({link.index, link.name, link.mtu, link.loopback, item.address, network});
  }
  return result;
}

void make_tunnel(netlink_socket& socket, const plan::tunnel& wanted) {
  netlink_message request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
  ifinfomsg info{};
  info.ifi_flags = info.ifi_change = IFF_UP;
  request.fixed(info);
  request.text(IFLA_IFNAME, wanted.device);
  request.value(IFLA_MTU, wanted.mtu);
  request.value(IFLA_GROUP, device_group);
  request.value(IFLA_ADDRESS, wanted.mac);
  request.nested(IFLA_LINKINFO, [&] {
    request.text(IFLA_INFO_KIND, "vxlan");
    request.nested(IFLA_INFO_DATA, [&] {
      request.value(IFLA_VXLAN_ID, wanted.vni);
      request.value(IFLA_VXLAN_LINK, wanted.link);
      request.value(IFLA_VXLAN_LOCAL, htonl(wanted.local.value));
      request.value(IFLA_VXLAN_PORT, htons(wanted.port));
      request.value(IFLA_VXLAN_LEARNING, uint8_t{0}); // we know who is where
    });
  });
  const int error = socket.request(request);
  if (error == EOPNOTSUPP)
    throw std::system_error(error, std::generic_category(),
                            "this kernel has no vxlan devices (module vxlan): `mode: routes` works on one segment");
  check(error, "make the vxlan device " + wanted.device);
}

void remove_device(netlink_socket& socket, uint32_t index) {
  netlink_message request(RTM_DELLINK, 0);
  ifinfomsg info{};
  info.ifi_index = static_cast<int>(index);
  request.fixed(info);
  if (const int error = socket.request(request); error != ENODEV)
    check(error, "remove interface " + std::to_string(index));
}

void set_up(netlink_socket& socket, uint32_t index) {
  netlink_message request(RTM_NEWLINK, 0);
  ifinfomsg info{};
  info.ifi_index = static_cast<int>(index);
  info.ifi_flags = info.ifi_change = IFF_UP;
  request.fixed(info);
  check(socket.request(request), "set interface " + std::to_string(index) + " up");
}

void add_address(netlink_socket& socket, uint32_t index, plan::ipv4 address) {
  netlink_message request(RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE);
  request.fixed(host_address(index, 32));
  request.value(IFA_LOCAL, htonl(address.value));
  request.value(IFA_ADDRESS, htonl(address.value));
  check(socket.request(request), "add the address " + to_string(address));
}

void remove_address(netlink_socket& socket, const device_address& address) {
  netlink_message request(RTM_DELADDR, 0);
  request.fixed(host_address(address.index, address.bits));
  request.value(IFA_LOCAL, htonl(address.address.value));
  if (const int error = socket.request(request); error != EADDRNOTAVAIL)
    check(error, "remove the address " + to_string(address.address));
}

} // namespace actors::podnetwork::kernel
