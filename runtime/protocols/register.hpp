// Registers every message type that may cross hosts with CAF, under its table's name.
#pragma once

#include <caf/fwd.hpp>

namespace runtime::protocols {

void register_messages(caf::actor_system_config& config);

} // namespace runtime::protocols
