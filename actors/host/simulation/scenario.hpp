// A scenario: what a simulated cluster consists of, what is asked of it, what goes wrong meanwhile, and what must hold. Plain
// data, read from a small YAML file (config/simulation/).
#pragma once

#include "actors/host/simulation/cluster.hpp"
#include "runtime/placement/placement.hpp"

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace actors::host::simulation {

using std::chrono::milliseconds;

/// One workload: its name says what it does, `count` how many objects or clients, `every` how often.
struct workload_entry {
  std::string name;
  int count = 3;
  milliseconds every{5'000};
};

/// One kind of fault, which strikes again and again: each time `every` has passed, more or less.
struct fault_entry {
  std::string name;
  milliseconds every{10'000};
  milliseconds lasts{3'000};
  std::string of;    ///< roles whose id begins so, or a host, or a shard; empty: any
  int one_in = 2'000; ///< of the messages
  int at = 0;         ///< before which message of the role, counted from 1
};

struct scenario {
  std::string name;
  std::string description;
  cluster_shape shape;
  milliseconds run{60'000};     ///< workloads and faults
  milliseconds settle{240'000}; ///< within it, everything must be as desired
  milliseconds quiet{20'000};   ///< in which nothing may be written then
  std::vector<workload_entry> workloads;
  std::vector<fault_entry> faults;
  std::vector<std::string> checkers; ///< empty: all
};

/// What a scenario may name.
struct scenario_words {
  std::vector<std::string> workloads, faults, checkers;
};

struct scenario_result {
  scenario value;
  std::vector<runtime::placement::problem> problems; ///< in the order of the file; `value` is complete only when there are none
};

constexpr size_t scenario_bytes_max = 64 * 1024;

scenario_result parse_scenario(std::string_view text, const scenario_words& words);
/// The file's name without its extension becomes the scenario's.
scenario_result read_scenario(const std::filesystem::path& file, const scenario_words& words);

} // namespace actors::host::simulation
