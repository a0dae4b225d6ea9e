// Requests to the kernel over netlink: as much of it as routes and conntrack need.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

struct nlmsghdr;

namespace runtime::net {

// Builds one message: header, a family's fixed part, attributes.
class netlink_message {
public:
  netlink_message(uint16_t type, uint16_t flags);

  template <class Fixed>
  void fixed(const Fixed& part) {
    append(&part, sizeof part);
  }
  void attribute(uint16_t type, std::span<const uint8_t> payload);
  template <class T>
  void value(uint16_t type, const T& payload) {
    attribute(type, {reinterpret_cast<const uint8_t*>(&payload), sizeof payload});
  }
  // A string with its terminator, as the kernel wants names.
  void text(uint16_t type, const std::string& payload);
  // An attribute that holds those which `fill` adds.
  void nested(uint16_t type, const std::function<void()>& fill);
  // The bytes with their length filled in.
  std::vector<uint8_t>& finish();

private:
  void append(const void* data, size_t size);

  std::vector<uint8_t> bytes_;
};

// A socket of one netlink family. Throws std::system_error when the kernel refuses it.
class netlink_socket {
public:
  explicit netlink_socket(int family);
  ~netlink_socket();
  netlink_socket(const netlink_socket&) = delete;
  netlink_socket& operator=(const netlink_socket&) = delete;

  // Sends and waits for the acknowledgement: 0 or an errno value.
  int request(netlink_message& message);
  // Sends a dump request; `each` sees every answer. 0 or an errno value.
  int dump(netlink_message& message, const std::function<void(const nlmsghdr&)>& each);

private:
  int receive(const std::function<void(const nlmsghdr&)>* each);

  int descriptor_;
  uint32_t sequence_ = 0;
};

// The attributes of a block: type (without its flags) and payload.
void for_each_attribute(std::span<const uint8_t> block,
                        const std::function<void(uint16_t, std::span<const uint8_t>)>& each);

} // namespace runtime::net
