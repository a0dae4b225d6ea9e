// Ending pods: hooks, graceful stops, and leaving nothing behind.
#include <algorithm>
#include <chrono>
#include <future>
#include "actors/kubelet/probes/probe_io.hpp"
#include "actors/kubelet/resources/cgroups.hpp"
#include "actors/kubelet/sync/pass.hpp"

namespace actors::kubelet::sync {
namespace {

constexpr int64_t grace_min_s = 2; ///< upstream's minimum, also for a forced deletion
using steady = std::chrono::steady_clock;

int64_t seconds_since(steady::time_point begin) {
  return std::chrono::duration_cast<std::chrono::seconds>(steady::now() - begin).count();
}

bool runs(const cri::container& c) {
  return c.state == cri::container_state::running || c.state == cri::container_state::unknown;
}

} // namespace

/// False: the hook failed. Notes nothing, since hooks of several containers run at the same time.
bool pass::run_pre_stop(const pods::container_spec& spec, const cri::container& c, int64_t grace_s) {
  if (spec.pre_stop.kind == pods::handler_kind::none || env_.hollow)
    return true;
  if (spec.pre_stop.kind == pods::handler_kind::sleep) {
    env_.running->wait_for_end(c.id, std::chrono::seconds(std::min(spec.pre_stop.sleep_s, grace_s)));
    return true;
  }
  auto result =
    probes::run(spec.pre_stop, {c.id, facts().pod_ips.empty() ? "" : facts().pod_ips.front(), &spec}, grace_s,
                *env_.runtime);
  return result.result == probes::outcome::success;
}

/// The hook, then the runtime's graceful stop with what is left of the time. False: the hook failed.
bool pass::end_container(const pods::container_spec* spec, const cri::container& c, int64_t grace_s) {
  auto begin = steady::now();
  bool hook_done = !spec || grace_s <= 0 || run_pre_stop(*spec, c, grace_s);
  env_.runtime->stop_container(c.id, std::max(grace_min_s, grace_s - seconds_since(begin)));
  return hook_done;
}

void pass::stop_container(const cri::container& c, int64_t grace_s, const std::string& message) {
  acted_ = true;
  const auto* spec = pods::find_container(pod(), c.name);
  note(false, "Killing", message.empty() ? "Stopping container " + c.name : message, spec);
  if (!end_container(spec, c, grace_s))
    note_failed_hook(*spec);
}

void pass::note_failed_hook(const pods::container_spec& spec) {
  note(true, "FailedPreStopHook", "PreStopHook failed", &spec);
}

void pass::stop_containers(std::optional<int64_t> grace) {
  int64_t grace_s = grace.value_or(pod().grace_s);
  // Of a pod that the API does not have, only its containers know the grace period.
  if (!grace && pod().containers.empty() && !runtime_.containers.empty())
    grace_s = pods::grace_of(runtime_.containers.front()).value_or(grace_s);
  std::vector<const cri::container*> mains, sidecars;
  for (const auto& c : runtime_.containers) {
    if (!runs(c))
      continue;
    const auto* spec = pods::find_container(pod(), c.name);
    (spec && spec->sidecar ? sidecars : mains).push_back(&c);
  }
  if (mains.empty() && sidecars.empty())
    return;
  acted_ = true;
  auto begin = steady::now();
  if (env_.hollow || mains.size() == 1) {
    for (const auto* c : mains)
      stop_container(*c, grace_s, {});
  } else {
    // Their grace periods run at the same time. Events are noted here, by one thread.
    std::vector<std::pair<const pods::container_spec*, std::future<bool>>> stops;
    for (const auto* c : mains) {
      const auto* spec = pods::find_container(pod(), c->name);
      note(false, "Killing", "Stopping container " + c->name, spec);
      stops.emplace_back(
        spec, std::async(std::launch::async, [=, this] { return end_container(spec, *c, grace_s); }));
    }
    for (auto& [spec, hook_done] : stops)
      if (!hook_done.get())
        note_failed_hook(*spec);
  }
  // Sidecars outlive the containers that need them; the last started goes first.
  auto index_of = [&](const cri::container* c) {
    const auto& inits = pod().init_containers;
    return std::find_if(inits.begin(), inits.end(), [&](const auto& s) { return s.name == c->name; }) -
           inits.begin();
  };
  std::sort(sidecars.begin(), sidecars.end(),
            [&](const auto* a, const auto* b) { return index_of(a) > index_of(b); });
  for (const auto* c : sidecars)
    stop_container(*c, std::max(grace_min_s, grace_s - seconds_since(begin)), {});
}

void pass::stop_sandboxes() {
  for (const auto& s : runtime_.sandboxes) {
    if (!s.ready)
      continue;
    acted_ = true;
    env_.runtime->stop_sandbox(s.id);
  }
}

/// The pod is terminal: nothing runs any more, its logs stay until it is deleted.
void pass::finish() {
  stop_containers(std::nullopt);
  stop_sandboxes();
  if (acted_)
    read_runtime();
  if (!memory_.volumes_removed && !env_.hollow) {
    volumes::remove_tree(folder() / "volumes");
    memory_.volumes_removed = true;
  }
  memory_.problems.clear();
  write_status(true);
}

void pass::remove_everything() {
  stop_containers(pod().deletion_grace_s);
  stop_sandboxes();
  if (acted_)
    read_runtime();
  memory_.problems.clear();
  write_status(true); // while the runtime still knows how the containers ended
  for (const auto& c : runtime_.containers)
    env_.runtime->remove_container(c.id);
  for (const auto& s : runtime_.sandboxes)
    env_.runtime->remove_sandbox(s.id);
  if (!env_.hollow) {
    volumes::remove_tree(folder());
    auto left = resources::remove_pod_cgroups(env_.node, pod().uid);
    if (!left.empty()) { // the kernel still reaps: look again soon
      again_at(now() + 1'000'000);
      return;
    }
  }
  out_.removed = true;
}

void hasten_stop(const node_environment& env, const std::string& uid, int64_t grace_s) {
  for (const auto& c :
       env.runtime->list_containers({{pods::label::node, env.node}, {pods::label::pod_uid, uid}}))
    if (runs(c))
      env.runtime->stop_container(c.id, std::max(grace_min_s, grace_s));
}

} // namespace actors::kubelet::sync
