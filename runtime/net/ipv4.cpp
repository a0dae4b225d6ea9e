// Text forms of IPv4 addresses and networks.
#include "runtime/net/ipv4.hpp"

#include <arpa/inet.h>

#include <charconv>

namespace runtime::net {

std::optional<ipv4> parse_ipv4(std::string_view text) {
  in_addr address{};
  if (inet_pton(AF_INET, std::string(text).c_str(), &address) != 1)
    return std::nullopt;
  return ipv4{ntohl(address.s_addr)};
}

std::string to_string(ipv4 address) {
  const in_addr raw{htonl(address.value)};
  char text[INET_ADDRSTRLEN];
  return inet_ntop(AF_INET, &raw, text, sizeof text);
}

std::optional<ipv4_network> parse_ipv4_network(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == text.npos)
    return std::nullopt;
  const auto address = parse_ipv4(text.substr(0, slash));
  const auto digits = text.substr(slash + 1);
  unsigned bits = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
  if (!address || error != std::errc() || end != digits.data() + digits.size() || bits > 32)
    return std::nullopt;
  ipv4_network result{*address, static_cast<uint8_t>(bits)};
  result.address.value &= result.mask();
  return result;
}

std::string to_string(const ipv4_network& network) {
  return to_string(network.address) + "/" + std::to_string(network.bits);
}

} // namespace runtime::net
