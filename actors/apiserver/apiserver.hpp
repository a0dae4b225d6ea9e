// The apiserver role: how to spawn it, and what a placement file may say about it.
#pragma once

#include "runtime/host/role.hpp"

namespace actors::apiserver {

runtime::host::role_descriptor describe();

/// Without the HTTP front (library apiserver_core): for simulations, in which everybody speaks typed messages.
caf::strong_actor_ptr spawn_without_front(caf::actor_system& system, const runtime::host::role_context& context);

} // namespace actors::apiserver
