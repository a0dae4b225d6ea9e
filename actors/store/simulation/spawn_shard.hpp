// A store shard on a simulated disk: the shard's actors without threads of their own.
#pragma once

#include "actors/store/simulation/simulated_disk.hpp"
#include "runtime/host/role.hpp"

namespace actors::store {

struct simulated_shard {
  std::function<std::shared_ptr<storage::engine>()> open;
  /// Told which actor writes to the disk.
  std::function<void(const caf::strong_actor_ptr&)> on_committer;
};

caf::strong_actor_ptr spawn_simulated_shard(caf::actor_system& system, const runtime::host::role_context& context,
                                            simulated_shard parts);

} // namespace actors::store
