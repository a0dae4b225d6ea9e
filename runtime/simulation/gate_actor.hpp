// A simulated host's gate: tells the other hosts' gates of its host's roles, and puts theirs into the local directory, as
// the mesh's gate does over real links.
#pragma once

#include "runtime/directory/directory.hpp"
#include "runtime/mesh/messages.hpp"
#include "runtime/simulation/ids.hpp"

#include <caf/all.hpp>

namespace runtime::simulation {

class network;

/// From the network.
struct link_made {
  host_id peer = nowhere;
  std::string name;
  uint64_t incarnation = 0;
};
struct link_lost {
  host_id peer = nowhere;
  std::string name;
  std::string reason;
};
/// From another gate; `handle` is as the sender has it, null when the role is gone.
struct peer_role {
  host_id peer = nowhere;
  std::string name;
  std::string id;
  caf::strong_actor_ptr handle;
  int64_t epoch = 0;
};

struct gate_options {
  network* net = nullptr;
  host_id host = nowhere;
  std::string name;
  directory::handle directory;
};

caf::strong_actor_ptr spawn_gate(caf::actor_system& system, gate_options options);

} // namespace runtime::simulation

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(runtime::simulation::link_made)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(runtime::simulation::link_lost)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(runtime::simulation::peer_role)
