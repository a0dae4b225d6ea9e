// The scheduler role.
#pragma once

#include "runtime/host/role.hpp"

namespace actors::scheduler {

runtime::host::role_descriptor describe();

} // namespace actors::scheduler
