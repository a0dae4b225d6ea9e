// CAF's network layer without a network: its streams are the ends of local sockets that the link thread serves. So no
// TCP port of CAF's is ever open, and who is at the other end has been verified before CAF hears of it.
#pragma once

#include "runtime/mesh/stream_ports.hpp"

#include <caf/io/middleman_actor.hpp>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

namespace runtime::mesh {

/// CAF's send buffers have no bound. Beyond this one the link is given up: the peer does not take what it is sent.
constexpr size_t backlog_bytes_max = 64 << 20;
constexpr std::chrono::milliseconds backlog_check_period{200};
/// A send buffer that is larger than this is given back when it is found empty.
constexpr size_t buffer_kept_max = 256 << 10;

struct middleman_options {
  std::filesystem::path data; ///< folder of the stream socket
  std::shared_ptr<stream_ports> ports;
  /// Called by CAF's network thread: what waits for this node (node_id as text) is beyond its bound.
  std::function<void(const std::string& node)> on_backlog;
};

/// `connect` takes the stream of that port number out of `ports`; `publish` listens on the stream socket. The caller ends it
/// with exit_reason::kill.
/// Ends the timers of the actor behind it, and waits for that: a message that arrives while CAF's network layer ends is
/// never let go of.
void quiet_middleman(caf::actor_system& system);

caf::io::middleman_actor spawn_middleman(caf::actor_system& system, middleman_options options);

} // namespace runtime::mesh
