// troupe simulate: the whole control plane from one seed, in this process.
#pragma once

#include "actors/host/client_command.hpp"

namespace actors::host {

client_command simulate_command();

} // namespace actors::host
