#include "actors/host/role_table.hpp"

namespace actors::host {

std::vector<runtime::host::role_descriptor> role_table() {
  return {};
}

} // namespace actors::host
