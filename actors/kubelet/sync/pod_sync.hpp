// One pass over one pod: read what the runtime has, decide, act, report. Blocking; runs on a worker's thread
// with everything it needs by value; passes over one pod never overlap (the actor sees to that).
#pragma once
#include <functional>
#include <memory>
#include "actors/kubelet/pods/backoff.hpp"
#include "actors/kubelet/pods/pod_status.hpp"
#include "actors/kubelet/resources/environment.hpp"
#include "actors/kubelet/sync/running_containers.hpp"
#include "actors/kubelet/volumes/volumes.hpp"

namespace actors::kubelet::sync {

/// What is the same for all pods of a node. Shared by the worker threads, immutable.
struct node_environment {
  std::string node, host_ip;
  std::filesystem::path root; ///< <data>/kubelet/<node>
  std::shared_ptr<cri::container_runtime> runtime;
  std::function<int64_t()> now_us;
  int64_t machine_memory_bytes = 0;
  pods::resource_amounts allocatable;
  bool hollow = false; ///< no containers: no volumes, cgroups, logs or probes either
  std::shared_ptr<running_containers> running = std::make_shared<running_containers>();

  std::filesystem::path pod_folder(const std::string& uid) const { return root / "pods" / uid; }
  std::filesystem::path log_file(const std::string& uid, const std::string& container,
                                 int restart_count) const {
    return pod_folder(uid) / "logs" / container / (std::to_string(restart_count) + ".log");
  }
};

struct event_note {
  bool warning = false;
  std::string reason, message;
  std::string container; ///< "" : about the pod
  bool init = false;
};

/// What a pod's passes remember; lost with the kubelet, as upstream's.
struct pod_memory {
  pods::backoff_table crashes, pulls;
  std::map<std::string, std::string> pull_errors; ///< by image
  pods::problem_table problems;
  std::string ended_reason, ended_message;
  int mount_failures = 0;
  bool volumes_removed = false;
};

struct sync_input {
  std::shared_ptr<const pods::pod_spec> pod;
  resources::object_table objects;
  std::shared_ptr<const std::vector<resources::service_link>> services;
  pods::verdict_table verdicts;
  std::optional<pods::pod_status> previous;
  bool remove = false;   ///< the API has no such pod, or deletes it: stop everything and leave nothing behind
  bool complete = false; ///< leave nothing running, but keep the logs: the pod is terminal
  pod_memory memory;
};

struct sync_output {
  pod_memory memory;
  pods::runtime_status runtime;
  std::optional<pods::pod_status> status; ///< absent: could not be found out
  std::vector<event_note> events;
  std::optional<int64_t> again_us; ///< absolute time of the next pass, if one is due
  bool removed = false;            ///< nothing of the pod is left on the node
};

sync_output sync_pod(const node_environment&, sync_input);

/// Stops the containers of a pod whose grace period was shortened while a pass already waits for it.
void hasten_stop(const node_environment&, const std::string& uid, int64_t grace_s);

/// "web_default(uid)": how messages name a pod.
std::string pod_text(const pods::pod_spec&);

} // namespace actors::kubelet::sync
