// The EndpointSlice controller: keeps the EndpointSlices of each Service.
#pragma once

#include "runtime/host/role.hpp"

namespace actors::controllers::endpointslice {

runtime::host::role_descriptor describe();

} // namespace actors::controllers::endpointslice
