#include "actors/host/simulation/run.hpp"

#include "actors/host/simulation/checkers.hpp"
#include "actors/host/simulation/faults.hpp"
#include "actors/host/simulation/fence_guard.hpp"
#include "actors/host/simulation/workloads.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace actors::host::simulation {

namespace {

constexpr duration start_max = 60s;
constexpr duration look_period = 1s;
constexpr duration calm_after = 10s; ///< after which controllers have had time to do what is superfluous
constexpr size_t findings_max = 10;  ///< of one checker

bool wants(const scenario& plan, std::string_view checker) {
  return plan.checkers.empty() || std::find(plan.checkers.begin(), plan.checkers.end(), checker) != plan.checkers.end();
}

/// Revisions that each disk has shown; one that goes back has lost what was acknowledged.
class revision_guard {
public:
  void look(world& of) {
    for (const auto& [name, disk] : of.sim.disks()) {
      auto& highest = highest_[name];
      if (disk->current() < highest)
        of.violations.push_back({"durability", fmt::format("shard {} went back from revision {} to {}", name, highest, disk->current())});
      highest = std::max(highest, disk->current());
    }
  }

private:
  std::map<std::string, int64_t> highest_;
};

template <class Kinds>
const auto& kind_of(const Kinds& kinds, const std::string& name) {
  return *std::find_if(kinds.begin(), kinds.end(), [&](const auto& each) { return each.name == name; });
}

class running {
public:
  running(const scenario& plan, const run_options& options)
    : plan_(plan), options_(options),
      sim_({.seed = options.seed, .shape = plan.shape, .known = options.known, .keep_log_of = options.keep_log_of}),
      world_(sim_, plan) {
  }

  run_result result() {
    const auto began = std::chrono::steady_clock::now();
    if (options_.prepare)
      options_.prepare(world_);
    if (start() && work() && settle())
      stay_quiet();
    if (options_.sabotage)
      options_.sabotage(world_);
    check();
    run_result result{.seed = options_.seed,
                      .hash = sim_.time().trace_hash(),
                      .steps = sim_.time().steps(),
                      .virtual_time = sim_.time().elapsed(),
                      .wall_time = std::chrono::steady_clock::now() - began,
                      .violations = world_.violations,
                      .strikes = world_.strikes,
                      .probes = sim_.probes().counts(),
                      .log = sim_.probes().lines()};
    if (!options_.keep_history_of.empty())
      add_history(result.log);
    result.commits = sim_.folders().commits();
    for (const auto* user : world_.users())
      result.operations += user->acknowledged_writes().size();
    result.operations += world_.history.size();
    return result;
  }

private:
  void add_history(std::vector<std::string>& log) {
    for (const auto& [name, disk] : sim_.disks())
      for (const auto& change : disk->changes(0))
        if (change.key.starts_with(options_.keep_history_of))
          log.push_back(fmt::format("{}@{} {}{}", change.key, change.revision, change.erased ? "deleted: " : "", stored_text(change.value)));
  }

  void violate(const char* checker, std::vector<std::string> texts) {
    if (texts.size() > findings_max) {
      texts.resize(findings_max);
      texts.push_back("and more");
    }
    for (auto& text : texts)
      world_.violations.push_back({checker, std::move(text)});
  }

  /// Until the nodes are there.
  bool start() {
    const bool up = sim_.time().run_until(
      [&] {
        return world_.admin().api.synced() &&
               world_.admin().cache(client::nodes).size() == static_cast<size_t>(plan_.shape.nodes);
      },
      start_max);
    if (!up)
      violate(converges_checker, {"the cluster did not come up"});
    return up;
  }

  bool work() {
    for (const auto& entry : plan_.workloads)
      kind_of(workload_kinds(), entry.name).start(world_, entry);
    for (const auto& entry : plan_.faults)
      kind_of(fault_kinds(), entry.name).start(world_, entry);
    const auto end = sim_.time().elapsed() + duration(plan_.run);
    while (sim_.time().elapsed() < end) {
      sim_.time().run_for(std::min(look_period, end - sim_.time().elapsed()));
      look();
    }
    world_.stop_working();
    world_.end_faults();
    return true;
  }

  /// As desired, and still so when the controllers have had time to see what is wrong: a node whose heartbeats failed with the
  /// store is not called lost before the store is there again.
  bool settle() {
    const auto end = sim_.time().elapsed() + duration(plan_.settle);
    const bool calms = plan_.quiet != milliseconds::zero() && wants(plan_, quiet_checker);
    auto unmet = world_.unmet();
    for (;;) {
      while (!unmet.empty() && sim_.time().elapsed() < end) {
        sim_.time().run_for(look_period);
        look();
        unmet = world_.unmet();
      }
      if (!unmet.empty() || !calms)
        break;
      sim_.time().run_for(calm_after);
      unmet = world_.unmet();
      if (unmet.empty())
        break;
    }
    if (!unmet.empty() && wants(plan_, converges_checker))
      violate(converges_checker, unmet);
    return unmet.empty();
  }

  void look() {
    guard_.look(world_);
    if (wants(plan_, "fencing"))
      fences_.look(world_);
  }

  void stay_quiet() {
    if (plan_.quiet == milliseconds::zero() || !wants(plan_, quiet_checker))
      return;
    std::map<std::string, int64_t> before;
    for (const auto& [name, disk] : sim_.disks())
      before[name] = disk->current();
    sim_.time().run_for(duration(plan_.quiet));
    guard_.look(world_);
    std::map<std::string, int> written;
    for (const auto& [name, disk] : sim_.disks())
      disk->each_change(before[name], [&](const store::shown_change& change) {
        if (!is_heartbeat(change.key))
          ++written[change.key];
      });
    std::vector<std::string> wrong;
    for (const auto& [key, times] : written)
      wrong.push_back(fmt::format("{} was written {} times although everything was as desired", key, times));
    violate(quiet_checker, wrong);
    if (const auto unmet = world_.unmet(); !unmet.empty())
      violate(converges_checker, unmet);
  }

  void check() {
    for (const auto& kind : checker_kinds())
      if (kind.check != nullptr && wants(plan_, kind.name))
        violate(kind.name, kind.check(world_));
  }

  const scenario& plan_;
  const run_options& options_;
  cluster sim_;
  revision_guard guard_;
  fence_guard fences_;
  world world_; // ends first: its actors are of the cluster
};

} // namespace

run_result run(const scenario& plan, const run_options& options) {
  return running{plan, options}.result();
}

scenario_words known_words() {
  scenario_words result;
  for (const auto& kind : workload_kinds())
    result.workloads.push_back(kind.name);
  for (const auto& kind : fault_kinds())
    result.faults.push_back(kind.name);
  for (const auto& kind : checker_kinds())
    result.checkers.push_back(kind.name);
  return result;
}

} // namespace actors::host::simulation
