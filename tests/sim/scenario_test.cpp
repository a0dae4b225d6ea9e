// Scenario files: those that come with the program are right, and a wrong one is told what and where.
#include "tests/sim/known.hpp"

#include "actors/host/simulation/shrink.hpp"

#include <filesystem>

namespace {

using namespace tests::sim;

std::string problems_of(const std::string& text) {
  std::string result;
  for (const auto& problem : parse_scenario(text, known_words()).problems)
    result += runtime::placement::render("s.yaml", problem) + "\n";
  return result;
}

const std::string head = "apiVersion: troupe.dev/v1\nkind: Scenario\n";

TEST_CASE("the scenarios that come with the program can be read, and say what they are about") {
  size_t count = 0;
  for (const auto& file : std::filesystem::directory_iterator{"config/simulation"}) {
    INFO(file.path());
    CHECK_FALSE(load(file.path().string()).description.empty());
    ++count;
  }
  CHECK(count >= 7);
}

/// Whole runs, to the end: what was asked for is there, and everything is quiet again. simulation_seeds runs a thousand short ones.
void check_seeds(const std::string& file, uint64_t first, uint64_t last) {
  const auto plan = load(file);
  for (auto seed = first; seed <= last; ++seed) {
    const auto one = run(plan, {.seed = seed, .known = known_roles()});
    INFO("replay: troupe simulate --seed " << seed << " --scenario " << file);
    CHECK(text_of(one.violations) == "");
  }
}

TEST_CASE("nothing that must hold is broken, whatever fails") {
  for (const auto* name : {"calm", "chaos", "crashes", "disks", "everything", "hosts", "losses", "network", "operator", "shards", "storms", "views"})
    check_seeds(std::string{"config/simulation/"} + name + ".yaml", 1, 3);
}

TEST_CASE("what was found once and mended stays so") {
  check_seeds("tests/sim/regressions/late-status-write.yaml", 25, 25);
  check_seeds("tests/sim/regressions/address-before-range.yaml", 19, 19);
  check_seeds("tests/sim/regressions/orphan-of-a-standby.yaml", 12, 12);
  check_seeds("tests/sim/regressions/node-called-lost.yaml", 1, 1);
  check_seeds("tests/sim/regressions/watch-on-a-lost-link.yaml", 69, 69);
  check_seeds("tests/sim/regressions/status-held-back.yaml", 70, 70);
  check_seeds("tests/sim/regressions/called-back.yaml", 107, 107);
}

TEST_CASE("a wrong scenario is told what, where and what may be meant") {
  CHECK_THAT(problems_of("kind: Scenario\n"), Catch::Contains("s.yaml:1:1: field `apiVersion` is missing"));
  CHECK_THAT(problems_of(head + "workload: []\n"), Catch::Contains("s.yaml:3:1: a scenario has no field `workload`") && Catch::Contains("workloads"));
  CHECK_THAT(problems_of(head + "faults:\n  - { name: crash-rol }\n"), Catch::Contains("s.yaml:4:13: there is no fault `crash-rol`") && Catch::Contains("`crash-role`"));
  CHECK_THAT(problems_of(head + "run: 3 minutes\n"), Catch::Contains("s.yaml:3:6: field `run` must be a duration"));
  CHECK_THAT(problems_of(head + "cluster: { hosts: 2, apiservers: 3 }\n"), Catch::Contains("3 apiservers need as many hosts"));
  CHECK_THAT(problems_of(head + "workloads: [mix"), Catch::Contains("s.yaml:"));
  CHECK_THAT(problems_of(head + "workloads:\n  - { count: 2 }\n"), Catch::Contains("s.yaml:4:5: field `name` is missing"));
}

TEST_CASE("a scenario is the same after it was written and read again") {
  const auto plan = load("config/simulation/everything.yaml");
  const auto again = parse_scenario(to_yaml(plan), known_words());
  REQUIRE(again.problems.empty());
  CHECK(to_yaml(again.value) == to_yaml(plan));
}

} // namespace
