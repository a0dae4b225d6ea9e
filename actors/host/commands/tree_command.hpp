// `troupe tree`.
#pragma once

#include "actors/host/client_command.hpp"

namespace actors::host {

client_command tree_command();

} // namespace actors::host
