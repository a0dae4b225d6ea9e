// What a supervisor does about an ended child: the pure decisions.
#include "runtime/supervision/decide_restart.hpp"

#include <catch2/catch.hpp>

using namespace runtime::supervision;
using namespace std::chrono_literals;

using indices = std::vector<size_t>;

TEST_CASE("each restart policy asks for what its name says") {
  CHECK(wants_restart(restart_policy::permanent, true));
  CHECK(wants_restart(restart_policy::permanent, false));
  CHECK_FALSE(wants_restart(restart_policy::transient, true));
  CHECK(wants_restart(restart_policy::transient, false));
  CHECK_FALSE(wants_restart(restart_policy::temporary, false));
}

TEST_CASE("each strategy affects its own set of children") {
  CHECK(affected_children(strategy::one_for_one, 1, 3) == indices{1});
  CHECK(affected_children(strategy::one_for_all, 1, 3) == indices{0, 1, 2});
  CHECK(affected_children(strategy::rest_for_one, 1, 3) == indices{1, 2});
}

TEST_CASE("backoff: none at first, then doubling up to the cap, jitter around it") {
  backoff_policy policy{.first = 100ms, .cap = 1000ms, .jitter = 0.2};
  CHECK(decide_backoff(policy, 0, 0.5) == 0ms);
  CHECK(decide_backoff(policy, 1, 0.5) == 100ms);
  CHECK(decide_backoff(policy, 2, 0.5) == 200ms);
  CHECK(decide_backoff(policy, 4, 0.5) == 800ms);
  CHECK(decide_backoff(policy, 5, 0.5) == 1000ms);
  CHECK(decide_backoff(policy, 1'000'000, 0.5) == 1000ms);
  CHECK(decide_backoff(policy, 1, 0.0) == 80ms);
  CHECK(decide_backoff(policy, 1, 0.999) <= 120ms);
  CHECK(decide_backoff(policy, 9, 0.999) == 1000ms);
}

TEST_CASE("the history counts within its period only, and stays small") {
  restart_history history;
  restart_intensity limit{.restarts_max = 2, .period = 1000ms};
  restart_history::time_point start{};
  CHECK_FALSE(history.add(start, limit));
  CHECK_FALSE(history.add(start + 10ms, limit));
  CHECK(history.add(start + 20ms, limit));
  CHECK_FALSE(history.add(start + 5000ms, limit));
  CHECK_FALSE(history.add(start + 5001ms, limit));
  CHECK(history.add(start + 5002ms, limit));
}

TEST_CASE("a decision is leave, restart or escalate") {
  child_spec spec{.id = "a"};
  ended_child ended{.index = 0, .children = 2, .streak = 1};
  auto restart = decide_restart(ended, spec, strategy::one_for_all, 0.5);
  CHECK(restart.what == verdict::restart);
  CHECK(restart.delay == spec.backoff.first);
  CHECK(restart.affected == indices{0, 1});
  ended.too_many = true;
  CHECK(decide_restart(ended, spec, strategy::one_for_all, 0.5).what == verdict::escalate);
  spec.restart = restart_policy::temporary;
  CHECK(decide_restart(ended, spec, strategy::one_for_all, 0.5).what == verdict::leave);
}
