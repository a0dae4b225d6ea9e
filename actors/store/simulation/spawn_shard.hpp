// A store shard on a simulated disk: the shard's actors without threads of their own.
#pragma once

#include "actors/store/simulation/simulated_disk.hpp"
#include "runtime/host/role.hpp"

namespace actors::store {

/// `on_committer` is told which actor writes to the disk.
caf::strong_actor_ptr spawn_simulated_shard(caf::actor_system& system, const runtime::host::role_context& context,
                                            std::shared_ptr<simulated_disk> disk,
                                            std::function<void(const caf::strong_actor_ptr&)> on_committer);

} // namespace actors::store
