// The status of a pod: a plain model, and its computation from spec, runtime and probes with upstream's
// rules. Pure.
#pragma once
#include "actors/kubelet/pods/actions.hpp"

namespace actors::kubelet::pods {

struct waiting_state {
  std::string reason, message;
  bool operator==(const waiting_state&) const = default;
};
struct running_state {
  int64_t started_s = 0;
  bool operator==(const running_state&) const = default;
};
struct terminated_state {
  int32_t exit_code = 0;
  int32_t signal = 0;
  std::string reason, message, container_id;
  int64_t started_s = 0, finished_s = 0;
  bool operator==(const terminated_state&) const = default;
};
struct container_state {
  std::optional<waiting_state> waiting;
  std::optional<running_state> running;
  std::optional<terminated_state> terminated;
  bool operator==(const container_state&) const = default;
};
struct container_report {
  std::string name, image, image_id, container_id;
  int restart_count = 0;
  bool ready = false;
  std::optional<bool> started;
  container_state state, last;
  bool operator==(const container_report&) const = default;
};
struct condition {
  std::string type, status, reason, message;
  int64_t transition_s = 0, observed_generation = 0;
  bool operator==(const condition&) const = default;
};
struct pod_status {
  std::string phase = "Pending", reason, message, host_ip, qos;
  std::vector<std::string> pod_ips;
  int64_t start_s = 0, observed_generation = 0;
  std::vector<condition> conditions; ///< the kubelet's own; others in the object are kept by the writer
  std::vector<container_report> init_containers, containers;
  bool operator==(const pod_status&) const = default;
};

/// Why a container is not running, as the last sync found: "CrashLoopBackOff", "ErrImagePull" ... by
/// container name.
struct start_problem {
  std::string reason, message;
};
using problem_table = std::map<std::string, start_problem>;

struct status_input {
  const pod_spec& pod;
  const runtime_status& runtime;
  const verdict_table& verdicts;
  const problem_table& problems;
  const pod_status* previous; ///< what was last written, or nullptr
  std::string host_ip;
  int64_t now_us = 0;
  bool over = false;                       ///< the pod has been stopped for good: its phase must be terminal
  std::string ended_reason, ended_message; ///< set when the kubelet ended the pod (DeadlineExceeded, refused)
};

pod_status compute_status(const status_input&);

/// Succeeded or Failed: never to be started again.
bool is_terminal(const pod_status&);

} // namespace actors::kubelet::pods
