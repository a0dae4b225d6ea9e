// IPv4 addresses and networks as values: parsed once, compared and ordered as numbers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace runtime::net {

struct ipv4 {
  uint32_t value = 0; // host byte order

  auto operator<=>(const ipv4&) const = default;
};

// nullopt for anything but four decimal numbers (IPv6, host names, "None", "").
std::optional<ipv4> parse_ipv4(std::string_view text);
std::string to_string(ipv4 address);

struct ipv4_network {
  ipv4 address; // without host bits
  uint8_t bits = 0;

  uint32_t mask() const { return bits == 0 ? 0 : ~uint32_t{0} << (32 - bits); }
  uint64_t size() const { return uint64_t{1} << (32 - bits); }
  bool contains(ipv4 other) const { return (other.value & mask()) == address.value; }
  bool contains(const ipv4_network& other) const { return other.bits >= bits && contains(other.address); }
  bool overlaps(const ipv4_network& other) const { return contains(other) || other.contains(*this); }

  auto operator<=>(const ipv4_network&) const = default;
};

// "10.244.1.0/24"; host bits are cleared. nullopt for anything else.
std::optional<ipv4_network> parse_ipv4_network(std::string_view text);
std::string to_string(const ipv4_network& network);

} // namespace runtime::net
