// The node lifecycle controller: notices lost nodes, taints them and evicts their pods.
#pragma once

#include "runtime/host/role.hpp"

namespace actors::controllers::nodelifecycle {

runtime::host::role_descriptor describe();

} // namespace actors::controllers::nodelifecycle
