// The namespace controller: empties namespaces that are being deleted.
#pragma once

#include "runtime/host/role.hpp"

namespace actors::controllers::namespaces { // the folder's name is a word of the language

runtime::host::role_descriptor describe();

} // namespace actors::controllers::namespaces
