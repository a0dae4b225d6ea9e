// troupe placement, plan, apply, move, drain.
#pragma once

#include "actors/host/client_command.hpp"

namespace actors::host {

std::vector<client_command> placement_commands();

} // namespace actors::host
