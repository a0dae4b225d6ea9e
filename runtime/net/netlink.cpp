// Netlink framing.
#include "runtime/net/netlink.hpp"

#include <linux/netlink.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace runtime::net {
namespace {

constexpr int answer_seconds_max = 10;
constexpr size_t receive_buffer_size = 64 * 1024; // the kernel never sends a larger datagram of a dump

} // namespace

netlink_message::netlink_message(uint16_t type, uint16_t flags) {
  nlmsghdr header{};
  header.nlmsg_type = type;
  header.nlmsg_flags = static_cast<uint16_t>(flags | NLM_F_REQUEST);
  append(&header, sizeof header);
}

void netlink_message::append(const void* data, size_t size) {
  const auto* first = static_cast<const uint8_t*>(data);
  bytes_.insert(bytes_.end(), first, first + size);
  bytes_.resize(NLMSG_ALIGN(bytes_.size()));
}

void netlink_message::attribute(uint16_t type, std::span<const uint8_t> payload) {
  const nlattr header{static_cast<uint16_t>(sizeof(nlattr) + payload.size()), type};
  append(&header, sizeof header);
  append(payload.data(), payload.size());
}

void netlink_message::text(uint16_t type, const std::string& payload) {
  attribute(type, {reinterpret_cast<const uint8_t*>(payload.c_str()), payload.size() + 1});
}

void netlink_message::nested(uint16_t type, const std::function<void()>& fill) {
  const auto begin = bytes_.size();
  attribute(type, {});
  fill();
  const auto length = static_cast<uint16_t>(bytes_.size() - begin);
  std::memcpy(bytes_.data() + begin, &length, sizeof length); // nla_len is the first member
}

std::vector<uint8_t>& netlink_message::finish() {
  const auto length = static_cast<uint32_t>(bytes_.size());
  std::memcpy(bytes_.data(), &length, sizeof length); // nlmsg_len is the first member
  return bytes_;
}

netlink_socket::netlink_socket(int family)
    : descriptor_(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, family)) {
  if (descriptor_ < 0)
    throw std::system_error(errno, std::generic_category(), "netlink socket");
  const timeval limit{answer_seconds_max, 0};
  setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
}

netlink_socket::~netlink_socket() { close(descriptor_); }

int netlink_socket::request(netlink_message& message) {
  auto& bytes = message.finish();
  auto* header = reinterpret_cast<nlmsghdr*>(bytes.data());
  header->nlmsg_flags |= NLM_F_ACK;
  header->nlmsg_seq = ++sequence_;
  if (send(descriptor_, bytes.data(), bytes.size(), 0) < 0)
    return errno;
  return receive(nullptr);
}

int netlink_socket::dump(netlink_message& message, const std::function<void(const nlmsghdr&)>& each) {
  auto& bytes = message.finish();
  auto* header = reinterpret_cast<nlmsghdr*>(bytes.data());
  header->nlmsg_flags |= NLM_F_DUMP;
  header->nlmsg_seq = ++sequence_;
  if (send(descriptor_, bytes.data(), bytes.size(), 0) < 0)
    return errno;
  return receive(&each);
}

int netlink_socket::receive(const std::function<void(const nlmsghdr&)>* each) {
  alignas(nlmsghdr) std::array<uint8_t, receive_buffer_size> buffer;
  for (;;) {
    auto length = recv(descriptor_, buffer.data(), buffer.size(), 0);
    if (length < 0) {
      if (errno == EINTR)
        continue;
      return errno == EAGAIN ? ETIMEDOUT : errno;
    }
    const auto* header = reinterpret_cast<const nlmsghdr*>(buffer.data());
    for (; NLMSG_OK(header, length); header = NLMSG_NEXT(header, length)) {
      if (header->nlmsg_seq != sequence_)
        continue; // an answer to a request that ran out of time
      if (header->nlmsg_type == NLMSG_ERROR)
        return -static_cast<const nlmsgerr*>(NLMSG_DATA(header))->error;
      if (header->nlmsg_type == NLMSG_DONE)
        return 0;
      if (each)
        (*each)(*header);
    }
  }
}

void for_each_attribute(std::span<const uint8_t> block,
                        const std::function<void(uint16_t, std::span<const uint8_t>)>& each) {
  while (block.size() >= sizeof(nlattr)) {
    nlattr header;
    std::memcpy(&header, block.data(), sizeof header);
    if (header.nla_len < sizeof header || header.nla_len > block.size())
      return;
    each(header.nla_type & NLA_TYPE_MASK, block.subspan(sizeof header, header.nla_len - sizeof header));
    block = block.subspan(std::min<size_t>(NLA_ALIGN(header.nla_len), block.size()));
  }
}

} // namespace runtime::net
