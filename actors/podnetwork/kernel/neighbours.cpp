// RTM_*NEIGH, of the families AF_INET (neighbours) and AF_BRIDGE (forwarding).
#include "actors/podnetwork/kernel/neighbours.hpp"

#include <arpa/inet.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#include <cstring>
#include <system_error>

namespace actors::podnetwork::kernel {
namespace {

using namespace runtime::net;

struct neighbour {
  std::optional<plan::ipv4> address;
  std::optional<plan::mac_address> mac;
};

template <class Each>
void for_each_neighbour(netlink_socket& socket, uint8_t family, uint32_t device, Each each) {
  netlink_message request(RTM_GETNEIGH, 0);
  // The bridge family's dump wants an interface's header.
  if (family == AF_BRIDGE) {
    ifinfomsg info{};
    info.ifi_family = family;
    request.fixed(info);
  } else {
    ndmsg info{};
    info.ndm_family = family;
    request.fixed(info);
  }
  const int error = socket.dump(request, [&](const nlmsghdr& answer) {
    const auto& info = *static_cast<const ndmsg*>(NLMSG_DATA(&answer));
    if (answer.nlmsg_type != RTM_NEWNEIGH || static_cast<uint32_t>(info.ndm_ifindex) != device ||
        !(info.ndm_state & NUD_PERMANENT))
      return;
    neighbour item;
    const auto offset = NLMSG_LENGTH(NLMSG_ALIGN(sizeof(ndmsg)));
    for_each_attribute({reinterpret_cast<const uint8_t*>(&answer) + offset, answer.nlmsg_len - offset},
                       [&](uint16_t type, std::span<const uint8_t> value) {
                         if (type == NDA_DST && value.size() == sizeof(uint32_t)) {
                           uint32_t raw = 0;
                           std::memcpy(&raw, value.data(), sizeof raw);
                           item.address = plan::ipv4{ntohl(raw)};
                         } else if (type == NDA_LLADDR && value.size() == sizeof(plan::mac_address)) {
                           std::memcpy(item.mac.emplace().data(), value.data(), value.size());
                         }
                       });
    if (item.address && item.mac)
      each(*item.address, *item.mac);
  });
  if (error != 0)
    throw std::system_error(error, std::generic_category(), "list neighbours");
}

int send(netlink_socket& socket, uint16_t type, uint16_t flags, uint8_t family, uint32_t device, plan::ipv4 address,
         const plan::mac_address* mac) {
  netlink_message request(type, flags);
  ndmsg info{};
  info.ndm_family = family;
  info.ndm_ifindex = static_cast<int>(device);
  info.ndm_state = family == AF_BRIDGE ? NUD_PERMANENT | NUD_NOARP : NUD_PERMANENT;
  info.ndm_flags = family == AF_BRIDGE ? NTF_SELF : 0;
  request.fixed(info);
  request.value(NDA_DST, htonl(address.value));
  if (mac)
    request.value(NDA_LLADDR, *mac);
  const int error = socket.request(request);
  return type == RTM_DELNEIGH && error == ENOENT ? 0 : error;
}

constexpr uint16_t put_flags = NLM_F_CREATE | NLM_F_REPLACE;

} // namespace

std::map<plan::ipv4, plan::mac_address> read_neighbours(netlink_socket& socket, uint32_t device) {
  std::map<plan::ipv4, plan::mac_address> result;
  for_each_neighbour(socket, AF_INET, device, [&](plan::ipv4 address, const plan::mac_address& mac) { result[address] = mac; });
  return result;
}

std::map<plan::mac_address, plan::ipv4> read_forwarding(netlink_socket& socket, uint32_t device) {
  std::map<plan::mac_address, plan::ipv4> result;
  for_each_neighbour(socket, AF_BRIDGE, device, [&](plan::ipv4 node, const plan::mac_address& mac) { result[mac] = node; });
  return result;
}

int put_neighbour(netlink_socket& socket, uint32_t device, plan::ipv4 address, const plan::mac_address& mac) {
  return send(socket, RTM_NEWNEIGH, put_flags, AF_INET, device, address, &mac);
}

int put_forwarding(netlink_socket& socket, uint32_t device, const plan::mac_address& mac, plan::ipv4 node) {
  return send(socket, RTM_NEWNEIGH, put_flags, AF_BRIDGE, device, node, &mac);
}

int remove_neighbour(netlink_socket& socket, uint32_t device, plan::ipv4 address) {
  return send(socket, RTM_DELNEIGH, 0, AF_INET, device, address, nullptr);
}

int remove_forwarding(netlink_socket& socket, uint32_t device, const plan::mac_address& mac, plan::ipv4 node) {
  return send(socket, RTM_DELNEIGH, 0, AF_BRIDGE, device, node, &mac);
}

} // namespace actors::podnetwork::kernel
