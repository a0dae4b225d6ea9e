// One run of a scenario with one seed, and what came of it.
#pragma once

#include "actors/host/simulation/world.hpp"

#include <chrono>
#include <map>
#include <string>
#include <vector>

namespace actors::host::simulation {

struct run_options {
  uint64_t seed = 1;
  std::span<const runtime::host::role_descriptor> known;
  std::string keep_log_of;
  std::string keep_history_of; ///< changes of stored keys that begin so go into the log too; "": none
  /// Called between the workloads and the checks, for tests of the checkers; may be empty.
  std::function<void(world&)> sabotage;
  /// Called when the world is there, before the workloads begin; may be empty.
  std::function<void(world&)> prepare;
};

struct run_result {
  uint64_t seed = 0;
  uint64_t hash = 0;
  uint64_t steps = 0;
  std::chrono::nanoseconds virtual_time{0};
  std::chrono::nanoseconds wall_time{0};
  uint64_t commits = 0;
  uint64_t operations = 0; ///< acknowledged writes of users, and noted reads and writes
  std::vector<violation> violations;
  std::map<std::string, uint64_t> strikes; ///< of each fault
  std::map<std::string, uint64_t> probes;
  std::vector<std::string> log;
};

run_result run(const scenario& plan, const run_options& options);

/// What scenarios may name.
scenario_words known_words();

} // namespace actors::host::simulation
