// Why a connection from or to another host is refused: counted by reason, logged with its text.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace runtime::mesh {

enum class refusal_reason : uint8_t {
  no_certificate,  ///< the peer showed none
  wrong_ca,        ///< its certificate is not of this mesh's CA
  expired,         ///< its certificate is expired, or not valid yet
  bad_certificate, ///< it fails another check
  wrong_host,      ///< its certificate names another host than the one that it claims to be
  unknown_host,    ///< the placement does not have it, or it is not its part to connect
  not_tls,         ///< plaintext, garbage, or a TLS older than 1.3
  bad_frame,       ///< garbage inside of TLS, or no hello
  wrong_version,   ///< of the mesh's protocol
  wrong_cluster,   ///< it belongs to another cluster
  duplicate,       ///< a younger process of the same host is connected
  too_slow,        ///< the handshake did not end in its time
  too_many,        ///< as many unfinished handshakes as are allowed
  broken_off,      ///< it left in the middle of the handshake
  by_peer,         ///< the other side refused us
};

constexpr refusal_reason refusal_reasons[] = {
  refusal_reason::no_certificate, refusal_reason::wrong_ca,      refusal_reason::expired,
  refusal_reason::bad_certificate, refusal_reason::wrong_host,   refusal_reason::unknown_host,
  refusal_reason::not_tls,        refusal_reason::bad_frame,     refusal_reason::wrong_version,
  refusal_reason::wrong_cluster,  refusal_reason::duplicate,     refusal_reason::too_slow,
  refusal_reason::too_many,       refusal_reason::broken_off,    refusal_reason::by_peer};

/// "wrong-ca": for logs, metrics and `troupe links`.
std::string_view to_string(refusal_reason reason);

/// Thrown in a handshake.
struct refused : std::runtime_error {
  refused(refusal_reason why, const std::string& text) : std::runtime_error(text), reason(why) {
  }
  refusal_reason reason;
};

} // namespace runtime::mesh
