// What a scenario asks of its cluster, by name. Each goes on while the world is working and leaves what it wants there noted
// in the world.
#pragma once

#include "actors/host/simulation/world.hpp"

#include <span>

namespace actors::host::simulation {

struct workload_kind {
  const char* name;
  const char* summary;
  void (*start)(world&, const workload_entry&);
};

std::span<const workload_kind> workload_kinds();

} // namespace actors::host::simulation
