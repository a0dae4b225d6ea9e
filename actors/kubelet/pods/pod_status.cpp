#include "actors/kubelet/pods/pod_status.hpp"
#include <algorithm>

namespace actors::kubelet::pods {
namespace {

using state = cri::container_state;
constexpr int64_t us_per_s = 1'000'000;

std::string full_id(const cri::container& c) { return "containerd://" + c.id; }

terminated_state ended(const cri::container& c) {
  terminated_state t;
  t.exit_code = c.exit_code;
  t.reason = !c.reason.empty() ? c.reason : c.exit_code == 0 ? "Completed" : "Error";
  t.message = c.message;
  t.container_id = full_id(c);
  t.started_s = c.started_us / us_per_s;
  t.finished_s = c.finished_us / us_per_s;
  return t;
}

terminated_state lost() {
  return {
    137, 0, "ContainerStatusUnknown", "The container could not be located when the pod was terminated", {},
    0,   0};
}

const container_report* find_report(const pod_status* status, const std::string& name) {
  if (!status)
    return nullptr;
  for (const auto* list : {&status->containers, &status->init_containers})
    for (const auto& r : *list)
      if (r.name == name)
        return &r;
  return nullptr;
}

container_report report(const status_input& in, const container_spec& spec, bool is_init) {
  container_report r;
  r.name = spec.name;
  r.image = spec.image;
  const auto* old = find_report(in.previous, spec.name);
  const auto* c = in.runtime.find(spec.name);
  if (!c) {
    if (old && (old->state.terminated || in.pod.deleted_s)) { // the runtime has forgotten it; we have not
      r = *old;
      r.ready = false;
      r.started = false;
      if (!r.state.terminated && r.state.running)
        r.state = {{}, {}, lost()};
    } else {
      r.state.waiting =
        waiting_state{in.pod.init_containers.empty() ? "ContainerCreating" : "PodInitializing", ""};
      r.started = false;
      if (old)
        r.restart_count = old->restart_count;
    }
  } else {
    r.restart_count = restart_count_of(*c);
    r.image = c->image.empty() ? spec.image : c->image;
    r.image_id = c->image_ref;
    r.container_id = full_id(*c);
    r.started = is_started(spec, *c, in.verdicts);
    r.ready = is_init && !spec.sidecar ? c->state == state::exited && c->exit_code == 0
                                       : is_ready(spec, *c, in.verdicts);
    switch (c->state) {
      case state::running:
        r.state.running = running_state{c->started_us / us_per_s};
        break;
      case state::exited:
        r.state.terminated = ended(*c);
        break;
      case state::created:
        r.state.waiting = waiting_state{"ContainerCreating", ""};
        break;
      default:
        r.state.terminated = lost();
        break;
    }
    if (const auto* last = in.runtime.last_exited(spec.name, c))
      r.last.terminated = ended(*last);
    else if (old && r.restart_count > 0 && old->last.terminated)
      r.last = old->last;
  }
  auto problem = in.problems.find(spec.name);
  if (problem != in.problems.end() && !r.state.running && should_run(in.pod, spec, c)) {
    if (r.state.terminated)
      r.last.terminated = r.state.terminated;
    r.state = {waiting_state{problem->second.reason, problem->second.message}, {}, {}};
    r.ready = false;
  }
  return r;
}

struct counts {
  int unknown = 0, running = 0, waiting = 0, stopped = 0, succeeded = 0, pending_init = 0, failed_init = 0;
};

counts count(const pod_spec& pod, const pod_status& status) {
  counts n;
  bool mains_begun = false;
  for (const auto& r : status.containers)
    mains_begun = mains_begun || r.state.running || r.state.terminated || r.last.terminated;
  for (size_t i = 0; i < pod.init_containers.size(); ++i) {
    const auto& r = status.init_containers[i];
    if (pod.init_containers[i].sidecar) {
      if (!mains_begun && !r.started.value_or(false))
        ++n.pending_init;
    } else if (r.state.terminated) {
      if (r.state.terminated->exit_code != 0)
        ++n.failed_init;
    } else if (r.state.waiting && r.last.terminated) {
      if (r.last.terminated->exit_code != 0)
        ++n.failed_init;
    } else {
      ++n.pending_init;
    }
  }
  for (const auto& r : status.containers) {
    if (r.state.running) {
      ++n.running;
    } else if (r.state.terminated) {
      ++n.stopped;
      if (r.state.terminated->exit_code == 0)
        ++n.succeeded;
    } else if (r.last.terminated) {
      ++n.stopped;
    } else {
      ++n.waiting;
    }
  }
  return n;
}

std::string phase_of(const pod_spec& pod, const counts& n, bool over) {
  if (over)
    return n.stopped > 0 && n.stopped == n.succeeded && n.waiting == 0 && n.failed_init == 0 ? "Succeeded"
                                                                                             : "Failed";
  if (n.failed_init > 0 && pod.restart == restart_policy::never)
    return "Failed";
  if (n.failed_init + n.pending_init > 0 && n.running + n.stopped == 0)
    return "Pending";
  if (n.waiting > 0)
    return "Pending";
  if (n.running > 0)
    return "Running";
  if (n.stopped > 0) {
    if (pod.restart == restart_policy::always)
      return "Running";
    if (n.stopped == n.succeeded)
      return "Succeeded";
    return pod.restart == restart_policy::never ? "Failed" : "Running";
  }
  return "Pending";
}

std::string join(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& n : names)
    text += (text.empty() ? "" : " ") + n;
  return text;
}

condition initialized(const pod_spec& pod, const pod_status& status) {
  std::vector<std::string> incomplete;
  for (size_t i = 0; i < pod.init_containers.size(); ++i) {
    const auto& r = status.init_containers[i];
    bool done = pod.init_containers[i].sidecar ? r.started.value_or(false) : r.ready;
    if (!done)
      incomplete.push_back(r.name);
  }
  if (status.phase == "Succeeded")
    return {"Initialized", "True", "PodCompleted", ""};
  bool mains_ran = std::any_of(status.containers.begin(), status.containers.end(), [](const auto& r) {
    return r.state.running || r.state.terminated || r.last.terminated;
  });
  if (incomplete.empty() || mains_ran)
    return {"Initialized", "True", "", ""};
  return {"Initialized", "False", "ContainersNotInitialized",
          "containers with incomplete status: [" + join(incomplete) + "]"};
}

condition containers_ready(const pod_spec& pod, const pod_status& status) {
  if (status.phase == "Succeeded")
    return {"ContainersReady", "False", "PodCompleted", ""};
  if (status.phase == "Failed")
    return {"ContainersReady", "False", "PodFailed", ""};
  std::vector<std::string> unready;
  for (size_t i = 0; i < pod.init_containers.size(); ++i)
    if (pod.init_containers[i].sidecar && !status.init_containers[i].ready)
      unready.push_back(pod.init_containers[i].name);
  for (const auto& r : status.containers)
    if (!r.ready)
      unready.push_back(r.name);
  if (unready.empty())
    return {"ContainersReady", "True", "", ""};
  return {"ContainersReady", "False", "ContainersNotReady",
          "containers with unready status: [" + join(unready) + "]"};
}

condition pod_ready(const pod_spec& pod, const condition& containers) {
  condition c = containers;
  c.type = "Ready";
  if (c.status != "True" || pod.readiness_gates.empty())
    return c;
  std::string problems;
  for (const auto& gate : pod.readiness_gates) {
    auto it = pod.gate_status.find(gate);
    if (it != pod.gate_status.end() && it->second == "True")
      continue;
    if (!problems.empty())
      problems += ", ";
    problems += it == pod.gate_status.end()
                  ? "corresponding condition of pod readiness gate \"" + gate + "\" does not exist."
                  : "the status of pod readiness gate \"" + gate + "\" is not \"True\", but " + it->second;
  }
  if (problems.empty())
    return c;
  return {"Ready", "False", "ReadinessGatesNotReady", problems};
}

void stamp(condition& c, const pod_status* previous, int64_t now_s, int64_t generation) {
  c.observed_generation = generation;
  c.transition_s = now_s;
  if (!previous)
    return;
  for (const auto& old : previous->conditions)
    if (old.type == c.type && old.status == c.status)
      c.transition_s = old.transition_s;
}

} // namespace

pod_status compute_status(const status_input& in) {
  pod_status s;
  for (const auto& spec : in.pod.init_containers)
    s.init_containers.push_back(report(in, spec, true));
  for (const auto& spec : in.pod.containers)
    s.containers.push_back(report(in, spec, false));
  s.phase = phase_of(in.pod, count(in.pod, s), in.over);
  // Terminal is for ever, and a pod that ended here says why.
  if (in.previous && is_terminal(*in.previous)) {
    s.phase = in.previous->phase;
    s.reason = in.previous->reason;
    s.message = in.previous->message;
  }
  if (!in.ended_reason.empty()) {
    s.phase = "Failed";
    s.reason = in.ended_reason;
    s.message = in.ended_message;
  }
  s.host_ip = in.host_ip;
  s.qos = qos_name(compute_qos(in.pod));
  s.observed_generation = in.pod.generation;
  s.start_s = in.previous && in.previous->start_s ? in.previous->start_s : in.now_us / us_per_s;
  const auto* sandbox = in.runtime.ready_sandbox();
  if (in.pod.host_network)
    s.pod_ips = {in.host_ip};
  else if (sandbox)
    s.pod_ips = sandbox->ips;
  else if (in.previous && (is_terminal(s) || in.pod.deleted_s))
    s.pod_ips = in.previous->pod_ips;
  bool has_network = sandbox && (in.pod.host_network || !sandbox->ips.empty());
  auto ready = containers_ready(in.pod, s);
  s.conditions = {{"PodReadyToStartContainers", has_network ? "True" : "False", "", ""},
                  initialized(in.pod, s),
                  pod_ready(in.pod, ready),
                  ready,
                  {"PodScheduled", "True", "", ""}};
  for (auto& c : s.conditions)
    stamp(c, in.previous, in.now_us / us_per_s, s.observed_generation);
  return s;
}

bool is_terminal(const pod_status& s) { return s.phase == "Succeeded" || s.phase == "Failed"; }

} // namespace actors::kubelet::pods
