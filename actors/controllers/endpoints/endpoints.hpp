// The Endpoints controller: keeps the Endpoints object of each Service.
#pragma once

#include "runtime/host/role.hpp"

namespace actors::controllers::endpoints {

runtime::host::role_descriptor describe();

} // namespace actors::controllers::endpoints
