// The gate: the one actor that other hosts know. Two gates meet over each link, tell each other their hosts' roles, and
// put the other's into the local directory.
#pragma once

#include "runtime/directory/directory.hpp"
#include "runtime/mesh/calls.hpp"
#include "runtime/mesh/links.hpp"
#include "runtime/mesh/messages.hpp"

#include <caf/io/middleman_actor.hpp>

#include <memory>

namespace runtime::mesh {

constexpr size_t roles_per_message = 256;
/// For CAF's handshake and the other gate's first message; for an acknowledgement. Then the link is made anew.
constexpr std::chrono::milliseconds gate_time_max{5'000};
constexpr std::chrono::milliseconds gate_check_period{500};
constexpr size_t link_subscribers_max = 256;

struct gate_options {
  std::string host;
  uint64_t incarnation = 0;
  directory::handle directory;
  caf::io::middleman_actor middleman;
  std::shared_ptr<links> connections;
  std::shared_ptr<call_server> calls;
  telemetry::logger log;
  seams::clock_ptr clock;
};

caf::strong_actor_ptr spawn_gate_actor(caf::actor_system& system, gate_options options);

} // namespace runtime::mesh
