// Route over rtnetlink.
#include "actors/proxy/nftables/service_route.hpp"

#include "runtime/net/netlink.hpp"
#include "runtime/net/ipv4.hpp"

#include <arpa/inet.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <cstring>
#include <system_error>

namespace actors::proxy::nftables {
namespace {

using namespace runtime::net;

std::optional<std::string> send_route(std::string_view cidr, uint16_t type, uint16_t flags, int tolerated) {
  const auto where = parse_ipv4_network(cidr);
  if (!where)
    return "service route: " + std::string(cidr) + " is no IPv4 network";
  const auto loopback = if_nametoindex("lo");
  rtmsg route{};
  route.rtm_family = AF_INET;
  route.rtm_dst_len = where->bits;
  route.rtm_table = RT_TABLE_MAIN;
  route.rtm_protocol = RTPROT_STATIC;
  route.rtm_scope = RT_SCOPE_LINK;
  route.rtm_type = RTN_UNICAST;
  netlink_message message(type, flags);
  message.fixed(route);
  message.value(RTA_DST, htonl(where->address.value));
  message.value(RTA_OIF, static_cast<uint32_t>(loopback));
  try {
    const int error = netlink_socket(NETLINK_ROUTE).request(message);
    if (error == 0 || error == tolerated)
      return std::nullopt;
    return "service route " + std::string(cidr) + ": " + std::strerror(error);
  } catch (const std::system_error& error) {
    return std::string("service route: ") + error.what();
  }
}

} // namespace

std::optional<std::string> put_service_route(std::string_view cidr) {
  return send_route(cidr, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, 0);
}

std::optional<std::string> remove_service_route(std::string_view cidr) {
  return send_route(cidr, RTM_DELROUTE, 0, ESRCH);
}

} // namespace actors::proxy::nftables
