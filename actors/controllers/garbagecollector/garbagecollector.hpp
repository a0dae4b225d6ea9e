// The garbage collector controller: deletes objects whose owners are gone.
#pragma once

#include "runtime/host/role.hpp"

namespace actors::controllers::garbagecollector {

runtime::host::role_descriptor describe();

} // namespace actors::controllers::garbagecollector
