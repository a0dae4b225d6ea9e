#include "runtime/supervision/supervisor.hpp"

#include "runtime/supervision/supervisor_actor.hpp"

#include <algorithm>

namespace runtime::supervision {

caf::actor spawn(caf::actor_system& system, supervisor_spec spec) {
  return system.spawn<supervisor_actor>(std::move(spec));
}

std::chrono::milliseconds stop_time_max(const supervisor_spec& spec) {
  std::chrono::milliseconds sum{0}, longest{0};
  for (auto& child : spec.children) {
    sum += child.shutdown + kill_wait;
    longest = std::max(longest, child.shutdown + kill_wait);
  }
  return spec.stop_together ? longest : sum;
}

} // namespace runtime::supervision
