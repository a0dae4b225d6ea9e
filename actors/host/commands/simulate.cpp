#include "actors/host/commands/simulate.hpp"

#include "actors/host/commands.hpp"
#include "actors/host/simulation/checkers.hpp"
#include "actors/host/simulation/faults.hpp"
#include "actors/host/simulation/shrink.hpp"
#include "actors/host/simulation/sieve.hpp"
#include "actors/host/simulation/workloads.hpp"

#include <fmt/format.h>

#include <charconv>
#include <fstream>
#include <iostream>
#include <optional>
#include <stdexcept>

namespace actors::host {

namespace {

namespace po = boost::program_options;
using namespace simulation;

/// Without --scenario: some work on three hosts, and roles that crash.
constexpr const char* default_scenario = R"(apiVersion: troupe.dev/v1
kind: Scenario
description: a mix of work while roles crash
cluster: { hosts: 3, nodes: 6, apiservers: 2 }
run: 30s
workloads:
  - { name: mix, count: 2, every: 4s }
faults:
  - { name: crash-role, every: 3s }
)";
constexpr uint64_t seeds_max = 100'000'000;

void add_options(po::options_description& options) {
  auto add = options.add_options();
  add("seed", po::value<std::string>()->value_name("N"), "the seed (default: 1)");
  add("seeds", po::value<std::string>()->value_name("A-B"), "all seeds from A to B; only those that fail are shown in full");
  add("scenario", po::value<std::string>()->value_name("FILE"), "the scenario (default: a mix of work while roles crash)");
  add("shrink", "find a smaller scenario that fails alike, and print it");
  add("sieve", po::value<std::string>()->value_name("N"),
      "disturb each controller in three ways, at N of the messages that it handles (0: at all), and print a table");
  add("log", po::value<std::string>()->value_name("ROLE"), "show the log of roles whose id begins with ROLE; `*`: of all");
  add("history", po::value<std::string>()->value_name("KEY"), "show every change of what is stored under keys that begin with KEY");
  add("probes", po::value<std::string>()->value_name("FILE"), "add what was reached, and how often, to FILE");
  add("list", "list workloads, faults and checkers");
}

uint64_t number(const std::string& text, const char* option) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size())
    throw std::runtime_error(fmt::format("option `{}` needs a whole number, not `{}`", option, text));
  return value;
}

std::pair<uint64_t, uint64_t> seeds_of(const client_arguments& given) {
  if (!given.has("seeds")) {
    const auto seed = number(given.text("seed", "1"), "--seed");
    return {seed, seed};
  }
  if (given.has("seed"))
    throw std::runtime_error("`--seed` and `--seeds` exclude each other");
  const auto text = given.text("seeds");
  const auto dash = text.find('-');
  if (dash == text.npos)
    throw std::runtime_error("option `--seeds` needs two numbers, for example `--seeds 1-100`");
  const std::pair result{number(text.substr(0, dash), "--seeds"), number(text.substr(dash + 1), "--seeds")};
  if (result.first > result.second || result.second - result.first >= seeds_max)
    throw std::runtime_error(fmt::format("option `--seeds` needs an ascending range of at most {} seeds", seeds_max));
  return result;
}

/// Nothing when the file is wrong; then its problems were printed.
std::optional<scenario> scenario_of(const client_arguments& given) {
  const auto file = given.text("scenario");
  auto read = file.empty() ? parse_scenario(default_scenario, known_words()) : read_scenario(file, known_words());
  for (const auto& problem : read.problems)
    std::cerr << "troupe: " << runtime::placement::render(file, problem) << "\n";
  if (!read.problems.empty())
    return std::nullopt;
  if (file.empty())
    read.value.name = "default";
  return std::move(read.value);
}

void list_words() {
  const auto show = [](const char* title, const auto& kinds) {
    std::cout << title << "\n";
    for (const auto& kind : kinds)
      std::cout << fmt::format("  {:18} {}\n", kind.name, kind.summary);
  };
  show("workloads:", workload_kinds());
  show("faults:", fault_kinds());
  show("checkers:", checker_kinds());
}

double seconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

std::string replay_command(uint64_t seed, const std::string& file) {
  return fmt::format("troupe simulate --seed {}{}", seed, file.empty() ? "" : " --scenario " + file);
}

void show_result(const scenario& plan, const run_result& result) {
  std::cout << fmt::format("seed={} scenario={} hash={:016x} steps={} virtual={:.1f}s wall={:.3f}s commits={} operations={}{}\n", result.seed,
                           plan.name, result.hash, result.steps, seconds(result.virtual_time), seconds(result.wall_time),
                           result.commits, result.operations, result.violations.empty() ? "" : " FAILED");
}

void show_violations(const run_result& result, const std::string& file) {
  for (const auto& each : result.violations)
    std::cout << fmt::format("  {}: {}\n", each.checker, each.text);
  std::cout << "  replay: " << replay_command(result.seed, file) << "\n";
}

void show_shrunk(const scenario& plan, const run_options& options, const run_result& failed) {
  std::cout << "shrinking ...\n";
  const auto best = shrink(plan, options, failed, [](const scenario& kept) {
    std::cout << fmt::format("  still fails: {} faults, {} workloads, {} nodes, {} s\n", kept.faults.size(), kept.workloads.size(),
                             kept.shape.nodes, kept.run.count() / 1'000)
              << std::flush;
  });
  std::cout << fmt::format("after {} runs, with seed {}:\n", best.runs, options.seed) << to_yaml(best.plan);
  for (const auto& each : best.result.violations)
    std::cout << fmt::format("  {}: {}\n", each.checker, each.text);
}

/// Lines of count, tab, probe: what tools/sim adds up.
void save_probes(const std::string& file, const std::map<std::string, uint64_t>& probes) {
  std::ofstream out{file, std::ios::app};
  for (const auto& [text, count] : probes)
    out << count << "\t" << text << "\n";
  if (!out.flush())
    throw std::runtime_error("cannot write " + file);
}

/// Each failure with a scenario file's text, since the fault is at one message.
int run_sieve(const client_arguments& given, const scenario& plan) {
  uint64_t failed = 0;
  const sieve_options options{.seed = seeds_of(given).first,
                              .known = given.roles,
                              .per_cell = static_cast<int>(number(given.text("sieve"), "--sieve"))};
  const auto cells = sieve(plan, options, [&](const sieve_cell& cell) {
    for (const auto& [scenario, result] : cell.failures) {
      ++failed;
      std::cout << fmt::format("{} of {} at message {}, seed {}: FAILED\n", cell.fault, cell.role, scenario.faults[0].at, options.seed);
      for (const auto& each : result.violations)
        std::cout << fmt::format("  {}: {}\n", each.checker, each.text);
      std::cout << "  replay: troupe simulate --seed " << options.seed << " --scenario FILE, with this file:\n" << to_yaml(scenario);
    }
    std::cout << std::flush;
  });
  std::cout << render(cells);
  return failed == 0 ? exit_done : exit_failed;
}

int run_command(const client_arguments& given) {
  if (given.has("list")) {
    list_words();
    return exit_done;
  }
  const auto [first, last] = seeds_of(given);
  const auto plan = scenario_of(given);
  if (!plan)
    return exit_usage;
  if (given.has("sieve"))
    return run_sieve(given, *plan);
  std::map<std::string, uint64_t> probes;
  uint64_t failed = 0, steps = 0;
  std::chrono::nanoseconds passed{0}, taken{0};
  for (auto seed = first;; ++seed) {
    const run_options options{.seed = seed, .known = given.roles, .keep_log_of = given.text("log"),
                              .keep_history_of = given.text("history")};
    const auto result = simulation::run(*plan, options);
    for (const auto& line : result.log)
      std::cout << line << "\n";
    if (first == last || !result.violations.empty())
      show_result(*plan, result);
    for (const auto& [text, count] : result.probes)
      probes[text] += count;
    for (const auto& [fault, count] : result.strikes)
      probes["fault: " + fault] += count;
    steps += result.steps;
    passed += result.virtual_time;
    taken += result.wall_time;
    if (!result.violations.empty()) {
      ++failed;
      show_violations(result, given.text("scenario"));
      if (given.has("shrink"))
        show_shrunk(*plan, options, result);
    }
    std::cout << std::flush;
    if (seed == last)
      break;
  }
  if (first != last)
    std::cout << fmt::format("seeds={} scenario={} failed={} steps={} virtual={:.0f}s wall={:.1f}s virtual_per_second={:.0f}\n",
                             last - first + 1, plan->name, failed, steps, seconds(passed), seconds(taken),
                             seconds(passed) / std::max(1e-9, seconds(taken)));
  if (given.has("probes"))
    save_probes(given.text("probes"), probes);
  return failed == 0 ? exit_done : exit_failed;
}

} // namespace

client_command simulate_command() {
  return {.name = "simulate",
          .summary = "run the whole control plane from one seed, with faults",
          .usage = "troupe simulate [--seed N | --seeds A-B] [--scenario FILE] [--shrink]",
          .help = "Runs a cluster of several hosts in this process: the real stores, apiservers, controllers, schedulers, kubelets and\n"
                  "keepers, with links and disks that fail as the scenario says. The seed decides everything that chance decides, so the\n"
                  "same seed gives the same run, and the same hash. Needs no running host. Exits with 1 when something that must hold does\n"
                  "not; it then prints the command that replays the run. Scenarios: config/simulation/.",
          .add_options = add_options,
          .run = run_command};
}

} // namespace actors::host
