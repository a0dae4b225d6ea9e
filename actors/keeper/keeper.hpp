// The keeper role.
#pragma once

#include "runtime/host/role.hpp"

namespace actors::keeper {

runtime::host::role_descriptor describe();

} // namespace actors::keeper
