// The Deployment controller: rolls out and scales ReplicaSets.
#pragma once

#include "runtime/host/role.hpp"

namespace actors::controllers::deployment {

runtime::host::role_descriptor describe();

} // namespace actors::controllers::deployment
