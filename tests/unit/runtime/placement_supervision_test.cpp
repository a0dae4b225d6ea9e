// `supervision:` in a placement file: what is read, what is refused, what supervisors are given.
#include "runtime/host/supervision_settings.hpp"
#include "runtime/host/tree.hpp"
#include "runtime/placement/duration.hpp"
#include "runtime/placement/placement.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace runtime;
using namespace runtime::placement;
using namespace std::chrono_literals;
using strings = std::vector<std::string>;

namespace {

const std::vector<role_spec> specs{{.name = "scheduler"}};

std::string file(const std::string& role, const std::string& groups) {
  return "apiVersion: troupe.dev/v1\nkind: Placement\n"
         "hosts: [{name: host-a, address: 127.0.0.1:7100}]\n"
         "roles:\n"
         "  - {role: scheduler, host: host-a, supervision: " +
         role + "}\n" + "supervision: " + groups + "\n";
}

strings problems(const std::string& role, const std::string& groups = "{}") {
  strings result;
  for (auto& problem : parse(file(role, groups), specs).problems)
    result.push_back(render("f", problem));
  return result;
}

} // namespace

TEST_CASE("durations have a whole number and a unit") {
  CHECK(parse_duration("100ms") == 100ms);
  CHECK(parse_duration("10s") == 10s);
  CHECK(parse_duration("2m") == 2min);
  CHECK(parse_duration("1h") == 1h);
  CHECK(parse_duration("0s") == 0ms);
  for (auto text : {"", "5", "s", "-1s", "1.5s", "1 s", "1S", "1d", "1sx", "99999999999999999999s",
                    "9999999999s", "+1s"}) {
    INFO(text);
    CHECK_FALSE(parse_duration(text));
  }
  for (auto text : {"100ms", "10s", "90s", "2m", "1h", "0s"})
    CHECK(to_text(*parse_duration(text)) == text);
}

TEST_CASE("a role's supervision is read, and what is left out keeps its default") {
  auto read = parse(file("{restart: transient, intensity: 3, period: 1m, backoff: {first: 10ms, cap: 5s, "
                         "jitter: 0.5}, shutdown: 2s}",
                         "{}"),
                    specs);
  REQUIRE(read.problems.empty());
  supervision::child_spec child;
  host::apply(read.value.roles.at(0).supervision, child);
  CHECK(child.restart == supervision::restart_policy::transient);
  REQUIRE(child.intensity);
  CHECK(child.intensity->restarts_max == 3);
  CHECK(child.intensity->period == 60s);
  CHECK(child.backoff.first == 10ms);
  CHECK(child.backoff.cap == 5s);
  CHECK(child.backoff.jitter == 0.5);
  CHECK(child.shutdown == 2s);

  supervision::child_spec plain{.restart = supervision::restart_policy::temporary, .shutdown = 7s};
  host::apply(parse(file("{}", "{}"), specs).value.roles.at(0).supervision, plain);
  CHECK(plain.restart == supervision::restart_policy::temporary);
  CHECK(plain.shutdown == 7s);
  CHECK_FALSE(plain.intensity);
  CHECK(plain.backoff.cap == 30s);
}

TEST_CASE("half of a backoff never contradicts the default of the other half") {
  supervision::child_spec slow, quick;
  host::apply(parse(file("{backoff: {first: 2m}}", "{}"), specs).value.roles.at(0).supervision, slow);
  CHECK(slow.backoff.first == 2min);
  CHECK(slow.backoff.cap == 2min);
  host::apply(parse(file("{backoff: {cap: 10ms}}", "{}"), specs).value.roles.at(0).supervision, quick);
  CHECK(quick.backoff.first == 10ms);
  CHECK(quick.backoff.cap == 10ms);
}

TEST_CASE("a group's supervision is read") {
  auto read = parse(
    file("{}", "{scheduler: {strategy: rest_for_one, intensity: 7, period: 20s}, host: {intensity: 2}}"),
    specs);
  REQUIRE(read.problems.empty());
  supervision::supervisor_spec group{.restarts_per_child = 5, .stop_together = true}, root, other{.stop_together = true};
  host::apply(read.value.supervision, "scheduler", group);
  CHECK(group.how == supervision::strategy::rest_for_one);
  CHECK_FALSE(group.stop_together);
  CHECK(group.intensity.restarts_max == 7);
  CHECK(group.restarts_per_child == 0);
  CHECK(group.intensity.period == 20s);
  host::apply(read.value.supervision, root_group, root);
  CHECK(root.intensity.restarts_max == 2);
  CHECK(root.intensity.period == 10s);
  host::apply(read.value.supervision, "store", other);
  CHECK(other.how == supervision::strategy::one_for_one);
  CHECK(other.stop_together);
}

TEST_CASE("mistakes in supervision are named with their place and what may be meant") {
  CHECK(problems("{restart: allways}") ==
        strings{"f:5:60: field `restart` must be one of permanent, transient, temporary, not `allways`"});
  CHECK(problems("{restart: transiant}") ==
        strings{"f:5:60: field `restart` must be one of permanent, transient, temporary, not `transiant` "
                "(did you mean `transient`?)"});
  CHECK(problems("{intensty: 3}") ==
        strings{"f:5:51: unknown field `intensty` of a role's `supervision` (did you mean `intensity`?)"});
  CHECK(problems("{intensity: -1}")
          .at(0)
          .starts_with("f:5:62: field `intensity` must be an integer from 0 to 10000"));
  CHECK(
    problems("{intensity: 3, period: 10}") ==
    strings{
      "f:5:73: field `period` must be a duration such as 100ms, 10s or 2m, not `10` (did you mean `10s`?)"});
  CHECK(problems("{intensity: 3, period: 1ms}") ==
        strings{"f:5:73: field `period` must be from 100ms to 1h, not `1ms`"});
  CHECK(
    problems("{period: 1s}") ==
    strings{"f:5:59: field `period` says nothing without `intensity`: how many restarts in it are too many"});
  CHECK(problems("{backoff: {first: 10s, cap: 1s}}") ==
        strings{"f:5:78: field `cap` is shorter than `first` (10s)"});
  CHECK(problems("{backoff: {jitter: 2}}") ==
        strings{"f:5:69: field `jitter` must be a number from 0 to 1, not `2`"});
  CHECK(problems("{backoff: {jitter: nan}}").size() == 1);
  CHECK(problems("{backoff: 10s}") == strings{"f:5:60: `backoff` must be a map"});
  CHECK(problems("{shutdown: [1s]}").size() == 1);
  CHECK(problems("{shutdown: 1ms}") ==
        strings{"f:5:61: field `shutdown` must be from 10ms to 10m, not `1ms`"});
  CHECK(problems("7") == strings{"f:5:50: a role's `supervision` must be a map"});
  CHECK(problems("{}", "{controler: {}}") ==
        strings{"f:6:15: unknown field `controler` of `supervision` (did you mean `controllers`?)"});
  CHECK(problems("{}", "{store: {strategy: one_for_al}}") ==
        strings{"f:6:33: field `strategy` must be one of one_for_one, one_for_all, rest_for_one, not "
                "`one_for_al` (did you mean "
                "`one_for_all`?)"});
  CHECK(problems("{}", "{host: {strategy: one_for_all}}") ==
        strings{"f:6:22: unknown field `strategy` of `supervision` of `host`"});
}

TEST_CASE("every group of roles can be named") {
  using host::start_phase;
  for (auto phase : {start_phase::store, start_phase::apiserver, start_phase::keeper, start_phase::controllers,
                     start_phase::scheduler, start_phase::kubelet, start_phase::proxy}) {
    auto name = std::string{host::to_string(phase)};
    INFO(name);
    CHECK(std::count(group_names().begin(), group_names().end(), name) == 1);
  }
}
