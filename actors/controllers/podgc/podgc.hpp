// The pod garbage collector: removes pods that nobody else will.
#pragma once

#include "runtime/host/role.hpp"

namespace actors::controllers::podgc {

runtime::host::role_descriptor describe();

} // namespace actors::controllers::podgc
