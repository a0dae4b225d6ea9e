// Sieve's three classes of faults (OSDI'22), for each controller and at each message that it handles: it ends in an intermediate
// state, it sees a stale state, it does not observe a state.
#pragma once

#include "actors/host/simulation/run.hpp"

namespace actors::host::simulation {

struct sieve_cell {
  std::string role;
  std::string fault; ///< as in a scenario
  int messages = 0;  ///< that the role handles when nothing goes wrong
  int runs = 0;      ///< each with the fault at another one of them
  int strikes = 0;   ///< runs in which it struck
  std::vector<std::pair<scenario, run_result>> failures;
};

struct sieve_options {
  uint64_t seed = 1;
  std::span<const runtime::host::role_descriptor> known;
  int per_cell = 10; ///< messages that are tried, evenly spread; 0: every one
};

/// `plan` says what the cluster does meanwhile; its apiserver must not share a host with the roles, or no watch can be held.
/// `on_cell` is called for each cell when it is done.
std::vector<sieve_cell> sieve(const scenario& plan, const sieve_options& options,
                              const std::function<void(const sieve_cell&)>& on_cell);

/// Rows are roles, columns classes: messages tried, of how many, and failures.
std::string render(const std::vector<sieve_cell>& cells);

} // namespace actors::host::simulation
