// A smaller scenario that fails alike: what is not needed for a failure is in the way of whoever looks for its cause.
#pragma once

#include "actors/host/simulation/run.hpp"

namespace actors::host::simulation {

struct shrunk {
  scenario plan;
  run_result result; ///< of `plan`, with the same seed
  size_t runs = 0;
};

/// Leaves out faults, workloads and hosts, and shortens the run, as long as a checker that failed at first fails still.
/// `on_step` is told of each scenario that is kept.
shrunk shrink(const scenario& plan, const run_options& options, const run_result& failed,
              const std::function<void(const scenario&)>& on_step);

/// As a file that read_scenario() takes.
std::string to_yaml(const scenario& plan);

} // namespace actors::host::simulation
