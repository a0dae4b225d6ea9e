// RTM_*ROUTE.
#include "actors/podnetwork/kernel/routes.hpp"

#include <arpa/inet.h>
#include <linux/rtnetlink.h>

#include <cstring>
#include <system_error>

namespace actors::podnetwork::kernel {
namespace {

using namespace runtime::net;

uint32_t number(std::span<const uint8_t> value) {
  uint32_t result = 0;
  std::memcpy(&result, value.data(), std::min(sizeof result, value.size()));
  return result;
}

rtmsg header(const plan::ipv4_network& to) {
  rtmsg result{};
  result.rtm_family = AF_INET;
  result.rtm_dst_len = to.bits;
  result.rtm_table = RT_TABLE_MAIN;
  result.rtm_protocol = route_protocol;
  result.rtm_scope = RT_SCOPE_UNIVERSE;
  result.rtm_type = RTN_UNICAST;
  return result;
}

void read_route(const nlmsghdr& message, route_map& result) {
  const auto& info = *static_cast<const rtmsg*>(NLMSG_DATA(&message));
  if (message.nlmsg_type != RTM_NEWROUTE || info.rtm_protocol != route_protocol || info.rtm_table != RT_TABLE_MAIN)
    return;
  plan::ipv4_network to{{}, info.rtm_dst_len};
  kernel_route route;
  route.onlink = (info.rtm_flags & RTNH_F_ONLINK) != 0;
  const auto offset = NLMSG_LENGTH(NLMSG_ALIGN(sizeof(rtmsg)));
  for_each_attribute({reinterpret_cast<const uint8_t*>(&message) + offset, message.nlmsg_len - offset},
                     [&](uint16_t type, std::span<const uint8_t> value) {
                       switch (type) {
                         case RTA_DST: to.address.value = ntohl(number(value)); break;
                         case RTA_GATEWAY: route.gateway.value = ntohl(number(value)); break;
                         case RTA_OIF: route.link = number(value); break;
                         case RTA_PREFSRC: route.source.value = ntohl(number(value)); break;
                         default: break;
                       }
                     });
  result[to] = route;
}

} // namespace

route_map read_routes(netlink_socket& socket) {
  netlink_message request(RTM_GETROUTE, 0);
  rtmsg info{};
  info.rtm_family = AF_INET;
  request.fixed(info);
  route_map result;
  if (const int error = socket.dump(request, [&](const nlmsghdr& answer) { read_route(answer, result); }))
    throw std::system_error(error, std::generic_category(), "list routes");
  return result;
}

int put_route(netlink_socket& socket, const plan::ipv4_network& to, const kernel_route& route, bool replace) {
  netlink_message request(RTM_NEWROUTE, static_cast<uint16_t>(NLM_F_CREATE | (replace ? NLM_F_REPLACE : NLM_F_EXCL)));
  auto info = header(to);
  info.rtm_flags = route.onlink ? RTNH_F_ONLINK : 0;
  request.fixed(info);
  request.value(RTA_DST, htonl(to.address.value));
  request.value(RTA_GATEWAY, htonl(route.gateway.value));
  request.value(RTA_OIF, route.link);
  if (route.source.value != 0)
    request.value(RTA_PREFSRC, htonl(route.source.value));
  return socket.request(request);
}

int remove_route(netlink_socket& socket, const plan::ipv4_network& to) {
  netlink_message request(RTM_DELROUTE, 0);
  request.fixed(header(to)); // with our protocol: another's route to the same range does not match
  request.value(RTA_DST, htonl(to.address.value));
  const int error = socket.request(request);
  return error == ESRCH ? 0 : error;
}

} // namespace actors::podnetwork::kernel
