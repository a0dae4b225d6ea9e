// A container runtime without containers: everything is in memory, a container runs after a delay and until
// it is stopped. For `hollow: N` nodes and the simulation; the kubelet's code above it is the same.
#pragma once
#include <functional>
#include <memory>
#include "actors/kubelet/cri/container_runtime.hpp"

namespace actors::kubelet::cri {

struct hollow_subnet {
  uint32_t base = 0, count = 0;
};

struct hollow_options {
  std::string node;                 ///< part of the ids, which are otherwise counters: deterministic
  uint32_t ip_base = 0;             ///< the pod subnet's address; pods get base+2, base+3, ...
  uint32_t ip_count = 254;          ///< addresses in the subnet; reused when pods go
  /// The subnet as of now, for one that is known only later; ip_base and ip_count then say nothing. Empty: there is no
  /// network yet, and pods wait for it as they do for a CNI plugin.
  std::function<hollow_subnet()> subnet = {};
  int64_t start_delay_us = 200'000; ///< from start_container to "running"
  std::function<int64_t()> now_us;  ///< the clock seam
};

/// Exec succeeds with no output; every image is present. A hollow pod ends when annotated
/// `troupe.dev/hollow-run-seconds: "N"` on the sandbox (exit code 0), so that Jobs-like pods can be
/// simulated.
std::unique_ptr<container_runtime> make_hollow(hollow_options);

} // namespace actors::kubelet::cri
