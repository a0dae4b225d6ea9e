#include "actors/kubelet/pods/actions.hpp"
#include <set>

namespace actors::kubelet::pods {
namespace {

using state = cri::container_state;

bool restarts_on_failure(const pod_spec& pod) { return pod.restart != restart_policy::never; }

bool succeeded(const cri::container* c) { return c && c->state == state::exited && c->exit_code == 0; }

probes::verdict verdict_of(const verdict_table& table, const std::string& id) {
  auto it = table.find(id);
  return it == table.end() ? probes::verdict{} : it->second;
}

/// Whether the sandbox has to be made (again).
bool sandbox_missing(const pod_spec& pod, const runtime_status& status, pod_actions& actions) {
  const auto* newest = status.sandboxes.empty() ? nullptr : &status.sandboxes.front();
  size_t ready = 0;
  for (const auto& s : status.sandboxes)
    ready += s.ready;
  actions.attempt = newest ? newest->attempt + 1 : 0;
  if (!newest || !newest->ready || ready > 1)
    return true;
  if (!pod.host_network && newest->ips.empty())
    return true;
  actions.attempt = newest->attempt;
  actions.sandbox_id = newest->id;
  return false;
}

/// Why a running container has to be killed; nullopt: it goes on.
std::optional<container_kill> reason_to_kill(const pod_spec& pod, const container_spec& spec,
                                             const cri::container& c, const verdict_table& verdicts) {
  auto verdict = verdict_of(verdicts, c.id);
  auto hash = c.annotations.find(annotation::hash);
  std::string message = "Container " + spec.name;
  kill_reason reason;
  bool restart = restarts_on_failure(pod) || spec.sidecar;
  if (hash != c.annotations.end() && hash->second != container_hash(spec)) {
    message += " definition changed";
    reason = kill_reason::changed;
    restart = true;
  } else if (spec.startup && verdict.startup == probes::outcome::failure) {
    message += " failed startup probe";
    reason = kill_reason::startup;
  } else if (spec.liveness && verdict.liveness == probes::outcome::failure) {
    message += " failed liveness probe";
    reason = kill_reason::liveness;
  } else {
    return std::nullopt;
  }
  if (restart)
    message += ", will be restarted";
  return container_kill{c.id, c.name, message, reason};
}

/// Init containers in order. Returns true when the main containers may run.
bool decide_inits(const pod_spec& pod, const runtime_status& status, const verdict_table& verdicts,
                  pod_actions& actions) {
  // Once a main container has run in this sandbox, its inits are over even if the runtime has forgotten them.
  bool main_ran = false;
  for (const auto& spec : pod.containers) {
    const auto* c = status.find(spec.name);
    main_ran = main_ran || (c && c->sandbox_id == actions.sandbox_id);
  }
  for (size_t i = 0; i < pod.init_containers.size(); ++i) {
    const auto& spec = pod.init_containers[i];
    const auto* c = status.find(spec.name);
    if (c && c->sandbox_id != actions.sandbox_id)
      c = nullptr; // of an earlier sandbox: run again
    if (spec.sidecar) {
      if (!c || c->state == state::exited || c->state == state::unknown) {
        actions.init_to_start.push_back(i);
        if (!main_ran)
          return false;
      } else if (c->state == state::created) {
        actions.to_continue.push_back(c->id);
        if (!main_ran)
          return false;
      } else if (auto kill = reason_to_kill(pod, spec, *c, verdicts)) {
        actions.to_kill.push_back(*kill);
        actions.init_to_start.push_back(i);
        if (!main_ran)
          return false;
      } else if (!is_started(spec, *c, verdicts) && !main_ran) {
        return false;
      }
      continue;
    }
    if (main_ran || succeeded(c))
      continue;
    if (c && c->state == state::running) {
      if (auto kill = reason_to_kill(pod, spec, *c, verdicts))
        actions.to_kill.push_back(*kill);
      return false;
    }
    if (c && c->state == state::created) {
      actions.to_continue.push_back(c->id);
      return false;
    }
    if (c && c->state == state::exited && !restarts_on_failure(pod)) {
      actions.kill_pod = true; // a failed init ends a pod that never restarts
      return false;
    }
    actions.init_to_start.push_back(i);
    return false;
  }
  return true;
}

void decide_mains(const pod_spec& pod, const runtime_status& status, const verdict_table& verdicts,
                  pod_actions& actions) {
  size_t kept = 0;
  for (size_t i = 0; i < pod.containers.size(); ++i) {
    const auto& spec = pod.containers[i];
    const auto* c = status.find(spec.name);
    if (c && c->state == state::created && c->sandbox_id == actions.sandbox_id) {
      actions.to_continue.push_back(c->id);
      ++kept;
    } else if (!c || c->state != state::running) {
      if (should_run(pod, spec, c))
        actions.to_start.push_back(i);
    } else if (auto kill = reason_to_kill(pod, spec, *c, verdicts)) {
      if (kill->reason == kill_reason::changed || restarts_on_failure(pod))
        actions.to_start.push_back(i);
      actions.to_kill.push_back(*kill);
    } else {
      ++kept;
    }
  }
  if (kept == 0 && actions.to_start.empty()) {
    actions.kill_pod = true;
    actions.init_to_start.clear(); // sidecars end with the pod
  }
}

} // namespace

bool should_run(const pod_spec& pod, const container_spec& spec, const cri::container* c) {
  if (pod.deleted_s)
    return false;
  if (!c)
    return true;
  if (c->state == state::running)
    return false;
  if (c->state == state::created || c->state == state::unknown)
    return true;
  if (spec.sidecar)
    return true;
  if (pod.restart == restart_policy::never)
    return false;
  return !(pod.restart == restart_policy::on_failure && c->exit_code == 0);
}

bool is_started(const container_spec& spec, const cri::container& c, const verdict_table& verdicts) {
  if (c.state != state::running)
    return false;
  return !spec.startup || verdict_of(verdicts, c.id).startup == probes::outcome::success;
}

bool is_ready(const container_spec& spec, const cri::container& c, const verdict_table& verdicts) {
  if (!is_started(spec, c, verdicts))
    return false;
  return !spec.readiness || verdict_of(verdicts, c.id).readiness == probes::outcome::success;
}

pod_actions decide_actions(const pod_spec& pod, const runtime_status& status, const verdict_table& verdicts) {
  pod_actions actions;
  if (sandbox_missing(pod, status, actions)) {
    // A pod that never restarts and has run already is over, not to be begun again.
    if (!restarts_on_failure(pod) && actions.attempt != 0 && !status.containers.empty()) {
      actions.kill_pod = true;
      return actions;
    }
    for (size_t i = 0; i < pod.containers.size(); ++i) {
      const auto* c = status.find(pod.containers[i].name);
      if (!(pod.restart == restart_policy::on_failure && succeeded(c)))
        actions.to_start.push_back(i);
    }
    actions.kill_pod = !status.sandboxes.empty();
    if (actions.to_start.empty())
      return actions; // completed
    actions.create_sandbox = true;
    if (!pod.init_containers.empty()) {
      actions.init_to_start = {0};
      actions.to_start.clear();
    }
    return actions;
  }
  if (decide_inits(pod, status, verdicts, actions))
    decide_mains(pod, status, verdicts, actions);
  return actions;
}

garbage find_garbage(const runtime_status& status) {
  garbage result;
  std::map<std::string, int> seen;
  std::set<std::string> used_sandboxes;
  for (const auto& c : status.containers) {
    if (c.state == state::running || ++seen[c.name] <= 2) {
      used_sandboxes.insert(c.sandbox_id);
      if (c.state == state::running)
        ++seen[c.name];
    } else {
      result.containers.push_back(c.id);
    }
  }
  for (size_t i = 1; i < status.sandboxes.size(); ++i) {
    const auto& s = status.sandboxes[i];
    if (!s.ready && !used_sandboxes.count(s.id))
      result.sandboxes.push_back(s.id);
  }
  return result;
}

} // namespace actors::kubelet::pods
