// Decides what to do next for a pod from what it wants and what the runtime has: pure, upstream's rules.
#pragma once
#include "actors/kubelet/pods/pod_spec.hpp"
#include "actors/kubelet/pods/runtime_status.hpp"
#include "actors/kubelet/probes/probe_state.hpp"

namespace actors::kubelet::pods {

enum class kill_reason { changed, liveness, startup, pod_ends };

struct container_kill {
  std::string id, name, message; ///< message of the Killing event
  kill_reason reason = kill_reason::pod_ends;
};

struct pod_actions {
  bool kill_pod = false; ///< stop every container, then every sandbox
  bool create_sandbox = false;
  uint32_t attempt = 0;              ///< of the sandbox to create
  std::string sandbox_id;            ///< the one to use when none is created
  std::vector<size_t> init_to_start; ///< indexes into init_containers
  std::vector<size_t> to_start;      ///< indexes into containers
  std::vector<container_kill> to_kill;
  std::vector<std::string> to_continue; ///< ids of containers that were created but not started
};

/// Verdicts of the probes by container id; a container without probes has none.
using verdict_table = std::map<std::string, probes::verdict>;

/// Whether a container of this pod that is not running is to be run (again). `c` is its newest instance or
/// nullptr.
bool should_run(const pod_spec&, const container_spec&, const cri::container* c);

/// Whether a container counts as started: running, and its startup probe has succeeded if it has one.
bool is_started(const container_spec&, const cri::container& c, const verdict_table&);
bool is_ready(const container_spec&, const cri::container& c, const verdict_table&);

pod_actions decide_actions(const pod_spec&, const runtime_status&, const verdict_table&);

/// Containers beyond the newest two of each name (current and last), and sandboxes that are neither ready nor
/// newest.
struct garbage {
  std::vector<std::string> containers, sandboxes;
};
garbage find_garbage(const runtime_status&);

} // namespace actors::kubelet::pods
