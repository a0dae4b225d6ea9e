// The state of one probe of one container as a pure function of its results: thresholds, initial delay,
// period, hold. Upstream's rules; the I/O is in probe_io.
#pragma once
#include <map>
#include <string>
#include "actors/kubelet/pods/pod_spec.hpp"

namespace actors::kubelet::probes {

enum class probe_kind { liveness, readiness, startup };
const char* probe_name(probe_kind); ///< "Liveness" ...: as in upstream's events
enum class outcome { unknown, success, failure };

/// What the probes say of one container; `unknown` startup means "not started yet".
struct verdict {
  outcome liveness = outcome::success, readiness = outcome::failure, startup = outcome::unknown;
};

struct probe_state {
  std::string container_id; ///< the instance that the counts belong to
  outcome current = outcome::unknown;
  outcome last = outcome::unknown;
  int run = 0;          ///< results equal to `last` in a row
  bool on_hold = false; ///< failed for good: wait for the next instance
  int64_t next_us = 0;  ///< when the next attempt is due
  bool in_flight = false;
};

/// What a probe counts as before its first result.
outcome initial_outcome(probe_kind);

/// Starts anew for a container instance.
void begin(probe_state&, probe_kind, const pods::probe_spec&, const std::string& container_id,
           int64_t started_us, int64_t now_us);

/// Whether an attempt is to be made now. `started`: the container's startup probe (if any) has succeeded.
bool is_due(const probe_state&, probe_kind, bool started, int64_t now_us);

/// Notes a result; returns whether `current` changed.
bool note(probe_state&, probe_kind, const pods::probe_spec&, outcome result, int64_t now_us);

} // namespace actors::kubelet::probes
