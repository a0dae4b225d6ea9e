// The service account controller: keeps the ServiceAccount default in every namespace.
#pragma once

#include "runtime/host/role.hpp"

namespace actors::controllers::serviceaccount {

runtime::host::role_descriptor describe();

} // namespace actors::controllers::serviceaccount
