// Noticing what happened to containers without our doing: a listing of the runtime each second, orphans, old
// logs.
#include <algorithm>
#include <set>
#include "actors/kubelet/fingerprint.hpp"
#include "actors/kubelet/kubelet_actor.hpp"
#include "actors/kubelet/logs/log_rotation.hpp"
#include "actors/kubelet/resources/cgroups.hpp"
#include "actors/kubelet/workers/executor.hpp"

namespace actors::kubelet {

namespace fs = std::filesystem;

std::string fingerprint_of(std::vector<std::string> lines) {
  std::sort(lines.begin(), lines.end());
  std::string text;
  for (const auto& line : lines)
    text += line;
  return text;
}

std::string fingerprint_of(const pods::runtime_status& status) {
  std::vector<std::string> lines;
  for (const auto& s : status.sandboxes)
    lines.push_back(fingerprint_line(s));
  for (const auto& c : status.containers)
    lines.push_back(fingerprint_line(c));
  return fingerprint_of(std::move(lines));
}

namespace {

std::chrono::milliseconds quiet_pause(const cri::activity& activity, int64_t now_us) {
  if (activity.due_us == cri::activity::never)
    return kubelet::relist_quiet_period;
  const auto due = std::chrono::milliseconds{std::max<int64_t>(0, activity.due_us - now_us) / 1000 + 1};
  return std::clamp<std::chrono::milliseconds>(due, kubelet::relist_period, kubelet::relist_quiet_period);
}

} // namespace

/// What the runtime has of this node, by pod.
struct kubelet::listing {
  struct pod {
    std::string ns, name;
    std::vector<std::string> lines;
  };
  std::map<std::string, pod> pods; // by uid
  std::string error;
};

namespace {

std::string label_of(const cri::string_map& labels, const char* key) {
  auto it = labels.find(key);
  return it == labels.end() ? std::string() : it->second;
}

template <class Pods, class Item>
void add(Pods& pods, const Item& item) {
  auto uid = label_of(item.labels, pods::label::pod_uid);
  if (uid.empty())
    return;
  auto& pod = pods[uid];
  pod.ns = label_of(item.labels, pods::label::pod_namespace);
  pod.name = label_of(item.labels, pods::label::pod_name);
  pod.lines.push_back(fingerprint_line(item));
}

} // namespace

void kubelet::relist() {
  if (relisting_)
    return;
  const auto activity = parts_.runtime->recent_activity();
  if (activity && activity->changes == listed_changes_) { // as it was found last
    runtime_heard_us_ = context_.clock->monotonic_us();
    relist_after(quiet_pause(*activity, environment_->now_us()));
    return;
  }
  relisting_ = true;
  work<listing>(
    [runtime = parts_.runtime, node = environment_->node, running = environment_->running] {
      listing found;
      const auto number = running->begin_listing();
      try {
        for (const auto& s : runtime->list_sandboxes({{pods::label::node, node}}))
          add(found.pods, s);
        std::set<std::string> ids;
        for (const auto& c : runtime->list_containers({{pods::label::node, node}})) {
          add(found.pods, c);
          if (c.state == cri::container_state::running)
            ids.insert(c.id);
        }
        running->publish(number, std::move(ids));
      } catch (const cri::error& e) {
        found.error = e.what();
      }
      return found;
    },
    [this, activity](listing found) {
      const bool whole = found.error.empty();
      // What was found about a pod under work has to be looked at once more.
      const auto busy = std::any_of(pods_.begin(), pods_.end(), [](const auto& item) { return item.second.running; });
      on_relist(std::move(found));
      listed_changes_ = whole && !busy && activity ? std::optional(activity->changes) : std::nullopt;
    });
}

void kubelet::relist_after(std::chrono::milliseconds pause) {
  if (relist_timer_)
    client_.cancel(relist_timer_); // one chain, also after an extra listing
  relist_pause_ = pause;
  relist_timer_ = client_.after(pause, [this] { relist(); });
}

/// Work of ours may have changed what the runtime has.
void kubelet::expect_changes() {
  const auto activity = parts_.runtime->recent_activity();
  if (relist_pause_ > relist_period && !(activity && activity->changes == listed_changes_))
    relist_after(relist_period);
}

void kubelet::on_relist(listing found) {
  relisting_ = false;
  relist_after(relist_period);
  if (!found.error.empty()) {
    if (!runtime_silent_)
      context_.log.warning("the container runtime does not answer", {{"why", found.error}});
    runtime_silent_ = true;
    return;
  }
  if (runtime_silent_)
    context_.log.info("the container runtime answers again");
  runtime_silent_ = false;
  runtime_heard_us_ = context_.clock->monotonic_us();
  std::vector<std::string> changed;
  for (auto& [uid, seen] : found.pods) {
    auto [it, orphan] = pods_.try_emplace(uid);
    auto& pod = it->second;
    if (orphan) {
      // The API has no such pod any more (its watch is complete): what is left of it has to go.
      pods::pod_spec spec;
      spec.uid = uid;
      spec.ns = seen.ns;
      spec.name = seen.name;
      pod.spec = std::make_shared<const pods::pod_spec>(std::move(spec));
      context_.log.info("removing a pod that the API does not have",
                        {{"pod", pod.spec->key()}, {"uid", uid}});
    }
    auto now = fingerprint_of(std::move(seen.lines));
    if (pod.fingerprint == now && !orphan)
      continue;
    if (!pod.running)
      pod.fingerprint = now;
    changed.push_back(uid);
  }
  for (auto& [uid, pod] : pods_)
    if (!pod.fingerprint.empty() && !found.pods.count(uid) && !pod.running) {
      pod.fingerprint.clear();
      changed.push_back(uid);
    }
  for (const auto& uid : changed)
    if (auto it = pods_.find(uid); it != pods_.end() && !it->second.running)
      sync(uid);
  if (!left_overs_removed_ && !parts_.hollow)
    remove_left_overs();
}

/// Once, after the start: folders and control groups of pods that ended while no kubelet was there.
void kubelet::remove_left_overs() {
  left_overs_removed_ = true;
  std::vector<std::string> keep;
  for (const auto& [uid, _] : pods_)
    keep.push_back(uid);
  work<std::string>(
    [env = environment_, keep] {
      std::string problems;
      std::error_code ec;
      for (const auto& entry : fs::directory_iterator(env->root / "pods", ec)) {
        auto uid = entry.path().filename().string();
        if (std::find(keep.begin(), keep.end(), uid) != keep.end())
          continue;
        workers::pod_lock lock(env->node + "/" + uid);
        try {
          volumes::remove_tree(entry.path());
        } catch (const volumes::mount_error& e) {
          problems += std::string(e.what()) + "; ";
        }
      }
      for (const auto& left : resources::remove_cgroups_except(env->node, keep))
        problems += "busy: " + left.string() + "; ";
      return problems;
    },
    [this](std::string problems) {
      if (!problems.empty())
        context_.log.warning("left over from earlier pods", {{"what", problems}});
    });
}

void kubelet::housekeeping() {
  client_.after(housekeeping_period, [this] { housekeeping(); });
  refresh_machine();
  if (!range_problem_.empty())
    configure_network();
  if (parts_.hollow || cleaning_)
    return;
  std::vector<std::pair<std::string, fs::path>> logs;
  for (const auto& [uid, pod] : pods_)
    for (const auto& c : pod.runtime.containers)
      if (c.state == cri::container_state::running)
        logs.emplace_back(c.id, environment_->log_file(uid, c.name, pods::restart_count_of(c)));
  cleaning_ = true;
  work<std::string>(
    [env = environment_, logs] {
      std::string problems;
      for (const auto& [id, file] : logs) {
        try {
          logs::rotate_if_large(*env->runtime, id, file, env->now_us());
        } catch (const cri::error& e) {
          problems += file.string() + ": " + e.what() + "; ";
        }
      }
      return problems;
    },
    [this](std::string problems) {
      cleaning_ = false;
      if (!problems.empty())
        context_.log.warning("cannot rotate logs", {{"what", problems}});
    });
}

} // namespace actors::kubelet
