// Where the link thread leaves one end of a stream for the actor system to take: under a number that is used once.
// Thread-safe.
#pragma once

#include "runtime/control/socket.hpp"

#include <cstdint>
#include <map>
#include <mutex>

namespace runtime::mesh {

/// The socket, in the data folder, on which the actor system takes the streams of links that others dialled.
constexpr const char* stream_socket_name = "mesh.sock";

class stream_ports {
public:
  /// Never 0. The actor system caches what it has connected to by this number, so each stream has its own.
  uint16_t offer(control::descriptor stream);
  /// An empty descriptor when nothing is there.
  control::descriptor take(uint16_t number);

private:
  std::mutex mutex_;
  uint16_t last_ = 0;
  std::map<uint16_t, control::descriptor> waiting_;
};

} // namespace runtime::mesh
