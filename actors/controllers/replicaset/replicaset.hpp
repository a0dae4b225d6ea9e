// The ReplicaSet controller: keeps the wanted number of pods.
#pragma once

#include "runtime/host/role.hpp"

namespace actors::controllers::replicaset {

runtime::host::role_descriptor describe();

} // namespace actors::controllers::replicaset
