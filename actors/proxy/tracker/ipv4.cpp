// Text form of IPv4 addresses.
#include "actors/proxy/tracker/ipv4.hpp"

#include <arpa/inet.h>

namespace actors::proxy::tracker {

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

} // namespace actors::proxy::tracker
