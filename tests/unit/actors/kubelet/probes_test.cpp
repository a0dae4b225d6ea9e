// Thresholds, delays and holds of probes.
#include <catch2/catch.hpp>
#include "actors/kubelet/probes/probe_state.hpp"

using namespace actors::kubelet::probes;
using actors::kubelet::pods::probe_spec;
constexpr int64_t second = 1'000'000;

TEST_CASE("a probe begins after its initial delay, counted from the container's start") {
  probe_spec spec;
  spec.initial_delay_s = 5;
  probe_state s;
  begin(s, probe_kind::readiness, spec, "c", 10 * second, 11 * second);
  CHECK(s.current == outcome::failure);
  CHECK_FALSE(is_due(s, probe_kind::readiness, true, 14 * second));
  CHECK(is_due(s, probe_kind::readiness, true, 15 * second));
  CHECK_FALSE(is_due(s, probe_kind::readiness, false, 15 * second));
  CHECK(is_due(s, probe_kind::startup, false, 15 * second));
  CHECK_FALSE(is_due(s, probe_kind::startup, true, 15 * second));
}

TEST_CASE("results count in a row against the thresholds") {
  probe_spec spec;
  spec.failure_threshold = 3;
  spec.success_threshold = 2;
  probe_state s;
  begin(s, probe_kind::readiness, spec, "c", 0, 0);
  CHECK_FALSE(note(s, probe_kind::readiness, spec, outcome::success, second));
  CHECK(note(s, probe_kind::readiness, spec, outcome::success, 2 * second));
  CHECK(s.next_us == 12 * second);
  CHECK_FALSE(note(s, probe_kind::readiness, spec, outcome::failure, 3 * second));
  CHECK_FALSE(note(s, probe_kind::readiness, spec, outcome::failure, 4 * second));
  CHECK_FALSE(note(s, probe_kind::readiness, spec, outcome::unknown, 4 * second));
  CHECK(note(s, probe_kind::readiness, spec, outcome::failure, 5 * second));
  CHECK_FALSE(s.on_hold);
}

TEST_CASE("a failed liveness probe waits for the next instance") {
  probe_spec spec;
  spec.failure_threshold = 1;
  probe_state s;
  begin(s, probe_kind::liveness, spec, "c", 0, 0);
  CHECK(s.current == outcome::success);
  CHECK(note(s, probe_kind::liveness, spec, outcome::failure, second));
  CHECK_FALSE(is_due(s, probe_kind::liveness, true, 100 * second));
  begin(s, probe_kind::liveness, spec, "d", 100 * second, 100 * second);
  CHECK(is_due(s, probe_kind::liveness, true, 100 * second));
}
