// The configuration of a host's actor system. Must outlive the system.
#pragma once

#include <caf/actor_system_config.hpp>

namespace runtime::host {

class system_config : public caf::actor_system_config {
public:
  /// `threads`: workers; 0 takes CAF's default, one per core. No configuration file is read.
  explicit system_config(size_t threads = 0);
};

} // namespace runtime::host
