// All roles that this program can run. The only place that sees every role.
#pragma once

#include "runtime/host/role.hpp"

#include <vector>

namespace actors::host {

std::vector<runtime::host::role_descriptor> role_table();

} // namespace actors::host
