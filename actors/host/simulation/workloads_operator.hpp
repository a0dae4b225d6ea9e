// Workloads of an operator: roles that are moved, drained, placed anew and swapped while they work.
#pragma once

#include "actors/host/simulation/world.hpp"

namespace actors::host::simulation {

/// `troupe move`, `troupe drain` and `troupe apply`, asked of any host's keeper.
void moves(world& on, const workload_entry& entry);

/// The same of store shards only, with their data.
void shard_moves(world& on, const workload_entry& entry);

/// `troupe swap`: a controller is put in the place of another one of its kind, in the midst of its work.
void swaps(world& on, const workload_entry& entry);

} // namespace actors::host::simulation
