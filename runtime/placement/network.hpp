// Addresses and networks as the placement file writes them.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace runtime::placement {

/// An IPv4 or IPv6 network; `bits` are the address's bytes (4 or 16 used).
struct network {
  std::array<uint8_t, 16> bits{};
  int bytes = 0;  ///< 4 or 16
  int prefix = 0; ///< length in bits

  bool contains(const network& other) const;
  bool overlaps(const network& other) const;
};

bool is_ip(std::string_view text);

/// "10.0.0.0/16". An error text instead when it is none, or has host bits set.
std::optional<std::string> parse_network(std::string_view text, network& result);

/// "127.0.0.1:6443" or "[::1]:6443", port 1 to 65535.
bool is_address(std::string_view text);

/// Lower-case letters, digits and dashes; dots between labels. At most 253 characters.
bool is_dns_name(std::string_view text);

} // namespace runtime::placement
