// Every word that a scenario may use does something: each fault changes the run that it strikes, each workload writes.
#include "tests/sim/known.hpp"

#include "actors/host/simulation/faults.hpp"
#include "actors/host/simulation/workloads.hpp"

namespace {

using namespace tests::sim;

scenario bare() {
  scenario plan;
  plan.name = "bare";
  plan.shape = {.hosts = 3, .nodes = 3, .apiservers = 1, .singleton_hosts = 2};
  plan.run = std::chrono::seconds{10};
  plan.settle = std::chrono::seconds{0};
  plan.quiet = std::chrono::seconds{0};
  plan.checkers = {"one-shard"};
  return plan;
}

scenario busy() {
  auto plan = bare();
  plan.workloads = {{"rollouts", 1, std::chrono::seconds{2}}, {"endpoints", 1, std::chrono::seconds{2}}};
  return plan;
}

run_result run_with(const scenario& plan, std::function<void(world&)> look = {}) {
  return run(plan, {.seed = 3, .known = known_roles(), .keep_log_of = {}, .sabotage = std::move(look)});
}

TEST_CASE("each fault strikes, and what it strikes goes another way") {
  const auto plain = run_with(busy());
  for (const auto& kind : fault_kinds()) {
    INFO(kind.name);
    auto plan = busy();
    plan.faults = {{.name = std::string{kind.name},
                    .every = std::chrono::seconds{1},
                    .lasts = std::chrono::milliseconds{800},
                    .of = std::string{kind.name}.ends_with("-at") ? "controllers/replicaset" : "",
                    .one_in = 500,
                    .at = 30}};
    int64_t jumped = 0;
    const auto struck = run_with(plan, [&](world& of) {
      for (const auto& name : of.sim.host_names())
        jumped = std::max(jumped, std::abs(of.sim.host(name).clock->wall_us() - of.sim.host("users").clock->wall_us()));
    });
    CHECK(struck.strikes.at(std::string{kind.name}) > 0);
    if (std::string{kind.name} == "clock-jump")
      CHECK(jumped > 0); // no timer follows the wall clock
    else
      CHECK(struck.hash != plain.hash);
  }
}

TEST_CASE("each workload asks for something") {
  const auto idle = run_with(bare());
  for (const auto& kind : workload_kinds()) {
    INFO(kind.name);
    auto plan = bare();
    plan.workloads = {{std::string{kind.name}, 2, std::chrono::seconds{1}}};
    const auto one = run_with(plan);
    const auto asked = [&](const char* probe) { return one.probes.contains(probe) && one.probes.at(probe) > 0; };
    if (std::string{kind.name}.ends_with("moves"))
      CHECK(asked("operator: done"));
    else if (std::string{kind.name} == "swaps")
      CHECK(asked("operator: swap"));
    else
      CHECK(one.operations > idle.operations);
  }
}

TEST_CASE("pods of a node that is deleted are collected, and made anew elsewhere") {
  auto plan = bare();
  plan.workloads = {{"node-losses", 2, std::chrono::seconds{5}}};
  plan.run = std::chrono::seconds{70};
  plan.settle = std::chrono::seconds{90};
  plan.checkers = {};
  const auto lost = run_with(plan);
  CHECK(text_of(lost.violations) == "");
  REQUIRE(lost.probes.contains("controllers/podgc: force-deleted a pod"));
  CHECK(lost.probes.at("controllers/podgc: force-deleted a pod") > 0);
}

TEST_CASE("a shard moves with what was written to it") {
  auto plan = bare();
  plan.workloads = {{"registers", 2, std::chrono::milliseconds{100}}, {"shard-moves", 1, std::chrono::seconds{1}}};
  plan.settle = std::chrono::seconds{30};
  plan.checkers = {};
  const auto moved = run_with(plan);
  CHECK(text_of(moved.violations) == "");
  CHECK(moved.probes.at("store: a shard was moved here") > 1);
}

} // namespace
