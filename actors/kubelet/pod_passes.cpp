// When a pass over a pod runs and what becomes of its result.
#include "actors/kubelet/fingerprint.hpp"
#include "actors/kubelet/kubelet_actor.hpp"
#include "actors/kubelet/objects/pod_reader.hpp"
#include "actors/kubelet/workers/executor.hpp"
#include "messages/api/core/v1/pod_generated.h"

namespace actors::kubelet {
namespace {

namespace core = messages::api::core::v1;

/// Whether a change of the object concerns the kubelet: its own writes of the status do not.
bool concerns(const pods::pod_spec& a, const pods::pod_spec& b) {
  return a.generation != b.generation || a.deleted_s != b.deleted_s ||
         a.deletion_grace_s != b.deletion_grace_s || a.labels != b.labels || a.annotations != b.annotations ||
         a.gate_status != b.gate_status;
}

} // namespace

void kubelet::on_pod(const client::entry* before, const client::entry* after) {
  if (!after) {
    auto gone = objects::read_pod(before->as<core::Pod>());
    auto known = uid_by_key_.find(gone.key());
    if (known != uid_by_key_.end() && known->second == gone.uid)
      uid_by_key_.erase(known);
    auto it = pods_.find(gone.uid);
    if (it == pods_.end())
      return;
    it->second.in_api = false;
    pod_reporter_.forget(gone.uid);
    if (it->second.removed && !it->second.running)
      drop(gone.uid);
    else
      sync(gone.uid);
    return;
  }
  const auto& object = after->as<core::Pod>();
  auto spec = std::make_shared<const pods::pod_spec>(objects::read_pod(object));
  auto uid = spec->uid;
  auto [slot, fresh_name] = uid_by_key_.try_emplace(spec->key(), uid);
  if (!fresh_name &&
      slot->second != uid) { // a successor of the same name; its predecessor's end was not seen
    auto old = slot->second;
    slot->second = uid;
    if (auto it = pods_.find(old); it != pods_.end()) {
      it->second.in_api = false;
      pod_reporter_.forget(old);
      sync(old);
    }
  }
  auto& pod = pods_[uid];
  bool changed = !pod.in_api || concerns(*pod.spec, *spec);
  if (!pod.in_api) {
    pod.last_status = objects::read_status(object);
    if (pod.last_status)
      pod_reporter_.adopt(uid, *pod.last_status);
  } else if (const auto present = objects::read_status(object)) {
    pod_reporter_.observe(uid, *present);
  }
  pod.in_api = true;
  pod.spec = std::move(spec);
  pod.revision = after->revision;
  if (!changed)
    return;
  if (pod.running)
    hasten(uid, pod);
  sync(uid);
}

void kubelet::sync(const std::string& uid) {
  auto it = pods_.find(uid);
  if (it == pods_.end() || it->second.removed || !client_.synced())
    return;
  if (it->second.running) {
    it->second.dirty = true;
    return;
  }
  begin_pass(uid, it->second);
}

void kubelet::begin_pass(const std::string& uid, pod_entry& pod) {
  auto input = std::make_shared<sync::sync_input>();
  input->remove = !pod.in_api || pod.spec->deleted_s.has_value();
  input->complete = pod.last_status && pods::is_terminal(*pod.last_status);
  if (!input->remove && !input->complete) {
    auto objects = fetcher_.objects_of(uid, *pod.spec);
    if (!objects)
      return; // their arrival begins the pass
    input->objects = std::move(*objects);
    publish_services();
    input->services = services_;
  }
  if (pod.timer)
    client_.cancel(pod.timer);
  pod.timer = 0;
  pod.running = true;
  pod.dirty = false;
  pod.pass_grace_s.reset();
  if (input->remove)
    pod.pass_grace_s = pod.spec->deletion_grace_s.value_or(pod.spec->grace_s);
  input->pod = pod.spec;
  input->verdicts = probes_.verdicts(uid);
  if (input->verdicts.empty() && pod.last_status && pod.runtime.containers.empty()) {
    // The first pass after a restart: what the API says of adopted containers holds until a probe says
    // otherwise.
    for (const auto* list : {&pod.last_status->containers, &pod.last_status->init_containers})
      for (const auto& r : *list)
        if (auto slash = r.container_id.rfind('/'); slash != std::string::npos)
          input->verdicts[r.container_id.substr(slash + 1)] = {
            probes::outcome::success, r.ready ? probes::outcome::success : probes::outcome::failure,
            r.started.value_or(false) ? probes::outcome::success : probes::outcome::unknown};
  }
  input->previous = pod.last_status;
  input->memory = std::move(pod.memory);
  work<sync::sync_output>(
    [env = environment_, input, lock_key = environment_->node + "/" + uid] {
      workers::pod_lock lock(lock_key);
      return sync::sync_pod(*env, std::move(*input));
    },
    [this, uid](sync::sync_output output) { on_pass_end(uid, std::move(output)); });
}

void kubelet::on_pass_end(const std::string& uid, sync::sync_output output) {
  auto it = pods_.find(uid);
  if (it == pods_.end())
    return;
  auto& pod = it->second;
  pod.running = false;
  pod.memory = std::move(output.memory);
  record(pod, output.events);
  expect_changes();
  if (!output.events.empty())
    client_.after(check_soon, [this] { relist(); });
  if (output.status) {
    // Removing takes away what the status would be read from: the last one that was known stays.
    pod.runtime = std::move(output.runtime);
    pod.fingerprint = output.removed ? std::string() : fingerprint_of(pod.runtime);
    pod.last_status = *output.status;
    if (pod.in_api)
      pod_reporter_.report(uid, pod.spec->ns, pod.spec->name, *output.status, pod.revision);
  }
  if (output.removed) {
    pod.removed = true;
    probes_.forget(uid);
    fetcher_.forget(uid);
    if (!pod.in_api)
      drop(uid);
    else if (pod.spec->deleted_s)
      pod_reporter_.finish(uid, pod.spec->ns, pod.spec->name, pod.revision);
    return;
  }
  if (!parts_.hollow && output.status) {
    if (pod.in_api && !pod.spec->deleted_s)
      probes_.update(uid, pod.spec, pod.runtime, &*pod.last_status);
    else
      probes_.forget(uid);
  }
  if (output.again_us)
    schedule(uid, pod, *output.again_us);
  if (pod.dirty)
    sync(uid);
}

void kubelet::schedule(const std::string& uid, pod_entry& pod, int64_t at_us) {
  if (pod.timer)
    client_.cancel(pod.timer);
  auto delay = std::max<int64_t>(0, at_us - environment_->now_us());
  pod.timer = client_.after(std::chrono::milliseconds(delay / 1000 + 1), [this, uid] {
    if (auto it = pods_.find(uid); it != pods_.end())
      it->second.timer = 0;
    sync(uid);
  });
}

/// A deletion with a shorter grace period must not wait for the longer one that is being waited for.
void kubelet::hasten(const std::string& uid, pod_entry& pod) {
  if (!pod.spec->deleted_s || !pod.pass_grace_s)
    return;
  auto grace = pod.spec->deletion_grace_s.value_or(pod.spec->grace_s);
  if (grace >= *pod.pass_grace_s)
    return;
  pod.pass_grace_s = grace;
  work<std::string>(
    [env = environment_, uid, grace] {
      try {
        sync::hasten_stop(*env, uid, grace);
        return std::string();
      } catch (const cri::error& e) {
        return std::string(e.what());
      }
    },
    [this, uid](std::string problem) {
      expect_changes();
      if (!problem.empty())
        context_.log.warning("cannot hasten the end of a pod", {{"uid", uid}, {"why", problem}});
    });
}

void kubelet::drop(const std::string& uid) {
  if (auto it = pods_.find(uid); it != pods_.end() && it->second.timer)
    client_.cancel(it->second.timer);
  probes_.forget(uid);
  fetcher_.forget(uid);
  pod_reporter_.forget(uid);
  pods_.erase(uid);
}

void kubelet::record(const pod_entry& pod, const std::vector<sync::event_note>& events) {
  for (const auto& e : events) {
    client::object_reference about{"v1",         "Pod", pod.spec->ns, pod.spec->name, pod.spec->uid,
                                   pod.revision, {}};
    if (!e.container.empty())
      about.field_path =
        std::string(e.init ? "spec.initContainers{" : "spec.containers{") + e.container + "}";
    if (e.warning) {
      context_.log.info("pod event",
                        {{"pod", pod.spec->key()}, {"reason", e.reason}, {"message", e.message}});
      recorder_.warning(about, e.reason, e.message);
    } else {
      recorder_.normal(about, e.reason, e.message);
    }
  }
}

} // namespace actors::kubelet
