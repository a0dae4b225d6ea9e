// What must hold after a scenario, by name; each looks at the disks' whole history and at what clients were told, and returns
// what is wrong, in words.
#pragma once

#include "actors/host/simulation/world.hpp"

#include <span>

namespace actors::host::simulation {

using findings = std::vector<std::string>;

struct checker_kind {
  const char* name;
  const char* summary;
  findings (*check)(world&); ///< null: the run itself looks (converges, quiet)
};

std::span<const checker_kind> checker_kinds();

/// By the names above.
constexpr const char* converges_checker = "converges";
constexpr const char* quiet_checker = "quiet";

/// A change that a cluster at rest makes: heartbeats, and what the keepers report.
bool is_heartbeat(const std::string& key);

/// A stored value as JSON.
std::string stored_text(const std::string& value);

} // namespace actors::host::simulation
