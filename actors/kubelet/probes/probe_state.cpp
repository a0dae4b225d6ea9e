#include "actors/kubelet/probes/probe_state.hpp"
#include <algorithm>

namespace actors::kubelet::probes {

const char* probe_name(probe_kind kind) {
  switch (kind) {
    case probe_kind::liveness:
      return "Liveness";
    case probe_kind::readiness:
      return "Readiness";
    default:
      return "Startup";
  }
}

outcome initial_outcome(probe_kind kind) {
  switch (kind) {
    case probe_kind::liveness:
      return outcome::success;
    case probe_kind::readiness:
      return outcome::failure;
    default:
      return outcome::unknown;
  }
}

void begin(probe_state& state, probe_kind kind, const pods::probe_spec& spec, const std::string& container_id,
           int64_t started_us, int64_t now_us) {
  state = {};
  state.container_id = container_id;
  state.current = initial_outcome(kind);
  state.next_us = std::max(now_us, started_us + spec.initial_delay_s * 1'000'000);
}

bool is_due(const probe_state& state, probe_kind kind, bool started, int64_t now_us) {
  if (state.in_flight || state.on_hold || now_us < state.next_us)
    return false;
  // The startup probe ends once it has succeeded; the others wait for it.
  return kind == probe_kind::startup ? !started : started;
}

bool note(probe_state& state, probe_kind kind, const pods::probe_spec& spec, outcome result, int64_t now_us) {
  state.in_flight = false;
  state.next_us = now_us + std::max<int64_t>(1, spec.period_s) * 1'000'000;
  if (result == outcome::unknown)
    return false; // the attempt itself failed: says nothing
  state.run = result == state.last ? state.run + 1 : 1;
  state.last = result;
  int threshold = result == outcome::success ? spec.success_threshold : spec.failure_threshold;
  if (state.run < threshold)
    return false;
  bool changed = state.current != result;
  state.current = result;
  if (result == outcome::failure && kind != probe_kind::readiness) {
    // The container is going to be killed; what a dying container answers means nothing.
    state.on_hold = true;
    state.run = 0;
  }
  return changed;
}

} // namespace actors::kubelet::probes
