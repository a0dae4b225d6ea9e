// Text forms of protocols.
#include "actors/proxy/tracker/service.hpp"

namespace actors::proxy::tracker {

std::optional<protocol> parse_protocol(std::string_view text) {
  if (text.empty() || text == "TCP")
    return protocol::tcp;
  if (text == "UDP")
    return protocol::udp;
  if (text == "SCTP")
    return protocol::sctp;
  return std::nullopt;
}

std::string_view to_string(protocol p) {
  switch (p) {
    case protocol::udp:
      return "udp";
    case protocol::sctp:
      return "sctp";
    default:
      return "tcp";
  }
}

} // namespace actors::proxy::tracker
