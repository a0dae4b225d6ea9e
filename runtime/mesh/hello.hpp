// The first frame of each side, and whether the other side's is accepted. Pure.
#pragma once

#include "runtime/mesh/refusal.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace runtime::mesh {

/// Raised when frames, the gates' messages or any message that crosses hosts changes in a way that an older host
/// does not understand.
constexpr uint16_t protocol_version = 1;
/// The oldest one that this host still speaks.
constexpr uint16_t protocol_version_oldest = 1;

/// A host's certificate names it as "<host>.troupe.internal".
constexpr std::string_view domain = ".troupe.internal";

struct hello {
  uint16_t version_oldest = protocol_version_oldest;
  uint16_t version = protocol_version;
  std::string cluster;
  std::string host;
  uint64_t incarnation = 0; ///< random, of this process
  int64_t started_us = 0;   ///< wall time of this process' start: the younger of two that claim one name wins
  std::string node;         ///< the actor system's node id, which the gate's messages must come from
  std::string build;        ///< version of troupe, for the log
};

std::string encode_hello(const hello& value);
/// Fields behind the known ones are ignored, so that a later version can add some.
std::optional<hello> decode_hello(std::string_view payload);

struct expectation {
  hello mine;
  std::vector<std::string> hosts; ///< of the placement
  std::string dialled;            ///< whom we dialled; empty on the accepting side
};

/// Of a pair, the host with the smaller name connects to the other.
inline bool dials(std::string_view from, std::string_view to) {
  return from < to;
}

/// Throws `refused` unless the hello is acceptable from a peer whose certificate is valid for `names` (DNS names).
void check_hello(const expectation& expected, const hello& theirs, const std::vector<std::string>& names);
/// Throws `refused` unless the names contain the one of `host`.
void check_names(std::string_view host, const std::vector<std::string>& names);

} // namespace runtime::mesh
