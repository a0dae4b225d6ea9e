// The node IPAM controller: gives each node its range of pod addresses.
#pragma once

#include "runtime/host/role.hpp"

namespace actors::controllers::nodeipam {

runtime::host::role_descriptor describe();

} // namespace actors::controllers::nodeipam
