// Connection tracking over ctnetlink.
#include "actors/proxy/nftables/conntrack.hpp"

#include "runtime/net/netlink.hpp"

#include <arpa/inet.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <netinet/in.h>

#include <cerrno>
#include <cstring>
#include <system_error>

namespace actors::proxy::nftables {
namespace {

using namespace runtime::net;

using bytes = std::span<const uint8_t>;

constexpr uint16_t message_type(uint16_t operation) {
  return static_cast<uint16_t>(NFNL_SUBSYS_CTNETLINK << 8 | operation);
}

template <class T>
T read(bytes payload) {
  T value{};
  std::memcpy(&value, payload.data(), std::min(sizeof value, payload.size()));
  return value;
}

struct tuple {
  tracker::target source;
  tracker::target destination;
  uint8_t protocol = 0;
};

tuple read_tuple(bytes payload) {
  tuple result;
  for_each_attribute(payload, [&](uint16_t part, bytes nested) {
    for_each_attribute(nested, [&](uint16_t type, bytes value) {
      if (part == CTA_TUPLE_IP && type == CTA_IP_V4_SRC)
        result.source.address.value = ntohl(read<uint32_t>(value));
      else if (part == CTA_TUPLE_IP && type == CTA_IP_V4_DST)
        result.destination.address.value = ntohl(read<uint32_t>(value));
      else if (part == CTA_TUPLE_PROTO && type == CTA_PROTO_NUM)
        result.protocol = read<uint8_t>(value);
      else if (part == CTA_TUPLE_PROTO && type == CTA_PROTO_SRC_PORT)
        result.source.port = ntohs(read<uint16_t>(value));
      else if (part == CTA_TUPLE_PROTO && type == CTA_PROTO_DST_PORT)
        result.destination.port = ntohs(read<uint16_t>(value));
    });
  });
  return result;
}

netlink_message deletion(bytes original_tuple, bytes zone) {
  netlink_message message(message_type(IPCTNL_MSG_CT_DELETE), 0);
  message.fixed(nfgenmsg{AF_INET, NFNETLINK_V0, 0});
  message.attribute(CTA_TUPLE_ORIG | NLA_F_NESTED, original_tuple);
  if (!zone.empty())
    message.attribute(CTA_ZONE, zone);
  return message;
}

// The message that deletes the flow, if it is a stale one.
std::optional<netlink_message> examine(const nlmsghdr& answer, const udp_targets& targets) {
  const auto* data = static_cast<const uint8_t*>(NLMSG_DATA(&answer));
  const bytes attributes(data + NLMSG_ALIGN(sizeof(nfgenmsg)), NLMSG_PAYLOAD(&answer, sizeof(nfgenmsg)));
  bytes original, reply, zone;
  for_each_attribute(attributes, [&](uint16_t type, bytes value) {
    if (type == CTA_TUPLE_ORIG)
      original = value;
    else if (type == CTA_TUPLE_REPLY)
      reply = value;
    else if (type == CTA_ZONE)
      zone = value;
  });
  const auto there = read_tuple(original);
  if (there.protocol != IPPROTO_UDP || !targets.is_stale({there.destination, read_tuple(reply).source}))
    return std::nullopt;
  return deletion(original, zone);
}

std::string failed(const char* what, int error) {
  return std::string("conntrack ") + what + ": " + std::strerror(error);
}

} // namespace

std::optional<std::string> remove_stale_flows(const udp_targets& targets) {
  if (targets.empty())
    return std::nullopt;
  try {
    netlink_socket socket(NETLINK_NETFILTER);
    std::vector<netlink_message> deletions;
    netlink_message list(message_type(IPCTNL_MSG_CT_GET), 0);
    list.fixed(nfgenmsg{AF_INET, NFNETLINK_V0, 0});
    const int error = socket.dump(list, [&](const nlmsghdr& answer) {
      if (auto message = examine(answer, targets))
        deletions.push_back(std::move(*message));
    });
    if (error != 0)
      return failed("list", error);
    for (auto& message : deletions)
      if (const int refused = socket.request(message); refused != 0 && refused != ENOENT)
        return failed("delete", refused);
    return std::nullopt;
  } catch (const std::system_error& error) {
    return std::string("conntrack: ") + error.what();
  }
}

} // namespace actors::proxy::nftables
