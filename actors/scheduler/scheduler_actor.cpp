// Events in, bindings out.
#include "actors/scheduler/scheduler_actor.hpp"

#include <fmt/format.h>

#include "actors/scheduler/scheduler.hpp"
#include "messages/codec/time.hpp"

namespace actors::scheduler {

namespace {

using cache::Pod;
using cache::text;
using client::draft;

bool is_finished(const Pod& pod) {
  const auto phase = pod.status() == nullptr ? std::string_view{} : text(pod.status()->phase());
  return phase == "Succeeded" || phase == "Failed";
}

bool waits_for_node(const Pod& pod) {
  const auto* spec = pod.spec();
  if (spec == nullptr || is_finished(pod) || pod.metadata()->deletionTimestamp().has_value())
    return false;
  if (spec->schedulingGates() != nullptr && spec->schedulingGates()->size() > 0)
    return false;
  return text(spec->nodeName()).empty() && text(spec->schedulerName()) == scheduler_actor::own_name;
}

/// What the pod says of its scheduling so far; nullptr: nothing.
const messages::api::core::v1::PodCondition* scheduled_condition(const Pod& pod) {
  if (pod.status() != nullptr && pod.status()->conditions() != nullptr)
    for (const auto* item : *pod.status()->conditions())
      if (text(item->type()) == "PodScheduled")
        return item;
  return nullptr;
}

/// As upstream cuts what it says in an event.
std::string shortened(const std::string& message) {
  static constexpr std::string_view mark = " ...";
  if (message.size() <= scheduler_actor::event_message_bytes_max)
    return message;
  return message.substr(0, scheduler_actor::event_message_bytes_max - mark.size()) + std::string{mark};
}

} // namespace

scheduler_actor::scheduler_actor(caf::actor_config& config, runtime::host::role_context context)
    : super(config), context_(std::move(context)), api_(this, context_, client::component_identity("system:kube-scheduler")),
      events_(api_, std::string{own_name}), seat_(context_, {.make = [](const auto&) { return make_default_decider(); }}),
      trial_(api_, events_, seat_),
      decider_(std::dynamic_pointer_cast<decider>(seat_.object())) {
  if (!decider_) // a plugin that lies about what it is; it was checked when it was swapped in
    throw std::logic_error(seat_.running().name + " decides on no nodes");
}

scheduler_actor::behavior_type scheduler_actor::make_behavior() {
  api_.watch(client::nodes).on_change(
    [this](const std::string& key, const auto* before, const auto* after) { on_node(key, before, after); });
  pods_ = &api_.watch(client::pods);
  pods_->on_change([this](const std::string& key, const auto* before, const auto* after) { on_pod(key, before, after); });
  api_.on_active([this] { pump(); });
  api_.start();
  seat_.serves(caf::actor_cast<caf::strong_actor_ptr>(this));
  return {
    [this](const client::protocol::watch_batch& batch) {
      api_.receive(batch);
      pump();
    },
    [this](const runtime::directory::role_up& event) { api_.receive(event); },
    [this](const runtime::directory::role_down& event) { api_.receive(event); },
    [this](const runtime::host::tenure_changed& event) { api_.receive(event); },
    [this](const client::wake& event) {
      api_.receive(event);
      pump();
    },
    [this](const runtime::hotswap::swap_order& order) {
      auto outcome = swap(order);
      pump();
      return outcome;
    },
  };
}

void scheduler_actor::on_exit() {
  decider_.reset();
  seat_.clear();
  super::on_exit();
}

// ---- the picture of the cluster ---------------------------------------------------------------------------

void scheduler_actor::on_node(const std::string& name, const client::entry* before, const client::entry* after) {
  if (after == nullptr) {
    cluster_.remove_node(name);
    return;
  }
  cluster_.set_node(name, *after);
  // A heartbeat changes nothing for pods that wait; more room, fewer taints or other labels may.
  const auto relevant = [](const client::entry& item) {
    draft node = client::draft_of(client::nodes, item);
    return std::make_tuple(node.get("spec"), node.at({"metadata", "labels"}), node.at({"status", "allocatable"}));
  };
  if (queue_.size() > 0 && (before == nullptr || !(relevant(*before) == relevant(*after))))
    queue_.cluster_changed(now_us());
}

void scheduler_actor::on_pod(const std::string& key, const client::entry* before, const client::entry* after) {
  if (before != nullptr && (after == nullptr || text(before->metadata->uid()) != text(after->metadata->uid()))) {
    forget_pod(key); // another pod of the same name owes it nothing
    before = nullptr;
  }
  if (after == nullptr)
    return;
  const Pod& pod = after->as<Pod>();
  if (waits_for_node(pod)) {
    const bool same_spec = before != nullptr && before->metadata->generation() == after->metadata->generation() &&
                           waits_for_node(before->as<Pod>());
    if (binding_.contains(key) || (same_spec && queue_.contains(key)))
      return; // only its status changed
    queue_.add(std::make_shared<const cache::pod_info>(cache::make_pod_info(key, *after)), now_us());
    return;
  }
  queue_.remove(key);
  queue_.settle(key);
  if (is_finished(pod)) {
    cluster_.remove_pod(key);
    queue_.cluster_changed(now_us());
  } else if (!text(pod.spec()->nodeName()).empty()) {
    cluster_.set_pod(std::make_shared<const cache::pod_info>(cache::make_pod_info(key, *after)));
  }
}

void scheduler_actor::forget_pod(const std::string& key) {
  queue_.remove(key);
  queue_.settle(key);
  cluster_.remove_pod(key);
  binding_.erase(key);
  queue_.cluster_changed(now_us());
}

// ---- decisions --------------------------------------------------------------------------------------------

void scheduler_actor::pump() {
  check_trial();
  if (!api_.synced() || !api_.active())
    return;
  for (size_t i = 0; i < decisions_per_turn_max && binding_.size() < bindings_in_flight_max; ++i) {
    const auto pod = queue_.take(now_us());
    if (!pod)
      break;
    schedule_one(pod);
  }
  wake_at_next_due();
}

void scheduler_actor::wake_at_next_due() {
  if (timer_)
    api_.cancel(*timer_);
  timer_.reset();
  const auto due = queue_.next_due();
  if (!due || binding_.size() >= bindings_in_flight_max)
    return;
  const int64_t wait_us = std::max<int64_t>(*due - now_us(), 0);
  timer_ = api_.after(std::chrono::milliseconds{(wait_us + 999) / 1000}, [this] { timer_.reset(); });
}

void scheduler_actor::schedule_one(const pod_ptr& pod) {
  node_decision decision;
  std::string failure;
  try {
    decision = decider_->decide(*pod, cluster_, [this](uint64_t bound) { return context_.random->below(bound); });
    const auto chosen = cluster_.nodes().find(decision.node);
    if (!decision.node.empty() && (chosen == cluster_.nodes().end() || !chosen->second.known()))
      failure = "it chose `" + decision.node + "`, which is no node";
  } catch (const std::exception& error) {
    failure = *error.what() == 0 ? "an exception without a text" : error.what();
  } catch (...) {
    failure = "something that is no std::exception";
  }
  seat_.count(!failure.empty(), failure);
  if (!failure.empty()) {
    context_.log.error("decision failed", {{"pod", pod->key}, {"why", failure}});
    queue_.retry(pod, now_us());
    check_trial();
    return;
  }
  if (!decision.node.empty()) {
    bind(pod, decision.node);
    return;
  }
  queue_.put_aside(pod, now_us());
  report(*pod, "Unschedulable", decision.message());
}

client::object_reference scheduler_actor::reference(const cache::pod_info& pod) const {
  auto [name_space, name] = client::split_key(pod.key);
  return {"v1", "Pod", name_space, name, pod.uid, 0, {}};
}

void scheduler_actor::bind(const pod_ptr& pod, const std::string& node) {
  cluster_.assume(pod, node);
  binding_[pod->key] = pod->uid;
  auto [name_space, name] = client::split_key(pod->key);
  const client::cause_scope cause{api_, "pods/" + pod->key, pod->revision};
  const auto assigned_us = context_.clock->wall_us();
  api_.bind(name_space, name, pod->uid, node, [=, this, chosen_by = decider_](const client::api_result& result) {
    if (result.ok())
      events_.normal(reference(*pod), "Scheduled", fmt::format("Successfully assigned {} to {}", pod->key, node), assigned_us);
    else
      context_.log.warning("binding refused", {{"pod", pod->key}, {"node", node}, {"why", result.message}});
    if (!result.ok() && !result.not_found() && !result.conflict() && chosen_by == decider_)
      seat_.count(true); // not gone, bound or going: the choice was bad
    const auto found = binding_.find(pod->key);
    if (found != binding_.end() && found->second == pod->uid) { // else it was deleted in the meantime
      binding_.erase(found);
      if (!result.ok())
        on_binding_refused(*pod, result);
    }
    pump();
  });
}

/// The pod may be bound all the same (an answer that was late, another scheduler): then an event says so, and takes it
/// out of the queue. Until then, or if it never comes, the pod waits for its next turn.
void scheduler_actor::on_binding_refused(const cache::pod_info& pod, const client::api_result& result) {
  cluster_.forget(pod.key);
  const auto* present = pods_->find(pod.key);
  if (present == nullptr || !waits_for_node(present->as<Pod>()))
    return;
  if (!result.not_found() && !result.conflict())
    report(pod, "SchedulerError", fmt::format("binding rejected: {}", result.message));
  queue_.retry(std::make_shared<const cache::pod_info>(cache::make_pod_info(pod.key, *present)), now_us());
}

void scheduler_actor::report(const cache::pod_info& pod, std::string_view reason, const std::string& message) {
  events_.warning(reference(pod), "FailedScheduling", shortened(message));
  const auto* present = pods_->find(pod.key);
  if (present == nullptr)
    return;
  const auto* said = scheduled_condition(present->as<Pod>());
  const bool failed_before = said != nullptr && text(said->status()) == "False";
  if (failed_before && text(said->message()) == message && text(said->reason()) == reason)
    return;
  const int64_t since = failed_before && said->lastTransitionTime() ? *said->lastTransitionTime() : context_.clock->wall_seconds();
  const draft condition = draft::make_object(
    {{"type", "PodScheduled"}, {"status", "False"}, {"observedGeneration", present->metadata->generation()},
     {"lastTransitionTime", messages::codec::format_time(since)}, {"reason", reason}, {"message", message}});
  const draft patch = draft::make_object({{"metadata", draft::make_object({{"uid", pod.uid}})},
                                          {"status", draft::make_object({{"conditions", draft::make_array({condition})}})}});
  auto [name_space, name] = client::split_key(pod.key);
  const client::cause_scope cause{api_, "pods/" + pod.key, pod.revision};
  api_.patch(client::pods, "status", name_space, name, client::protocol::PatchKind::strategic_merge, patch,
             [log = context_.log, key = pod.key](const client::api_result& result) {
               if (!result.ok() && !result.not_found())
                 log.warning("condition not written", {{"pod", key}, {"why", result.message}});
             });
}

// ---- the role ---------------------------------------------------------------------------------------------

runtime::host::role_descriptor describe() {
  return {
    .spec = {.name = "scheduler", .summary = "assigns pods to nodes"},
    .phase = runtime::host::start_phase::scheduler,
    .spawn =
      [](caf::actor_system& system, const runtime::host::role_context& context) {
        return caf::actor_cast<caf::strong_actor_ptr>(system.spawn<scheduler_actor>(context));
      },
  };
}

} // namespace actors::scheduler
