// Evictions from nodes with NoExecute taints.
#include <fmt/format.h>

#include "actors/controllers/nodelifecycle/decide_eviction.hpp"
#include "actors/controllers/nodelifecycle/nodelifecycle_controller.hpp"
#include "messages/codec/time.hpp"

namespace actors::controllers::nodelifecycle {

using client::entry;
using framework::operation;
using framework::Pod;
using framework::sync_plan;
using framework::text;

namespace {

/// Tells others, before the deletion, that it was not the pod's fault.
operation mark_disrupted(const entry& pod, int64_t now_seconds) {
  const draft patch = draft::make_object(
    {{"metadata", draft::make_object({{"uid", text(pod.metadata->uid())}})},
     {"status", draft::make_object({{"conditions", draft::make_array({draft::make_object(
                                                     {{"type", "DisruptionTarget"},
                                                      {"status", "True"},
                                                      {"reason", "DeletionByTaintManager"},
                                                      {"message", "Taint manager: deleting due to NoExecute taint"},
                                                      {"lastTransitionTime", messages::codec::format_time(now_seconds)}})})}})}});
  auto write = operation::patch(client::pods, std::string{text(pod.metadata->namespace_())}, std::string{text(pod.metadata->name())},
                                client::protocol::PatchKind::strategic_merge, patch);
  write.what = operation::verb::patch_status;
  write.tolerated = {404, 409};
  return write;
}

} // namespace

sync_plan nodelifecycle_controller::sync_pod(const std::string& key) {
  sync_plan plan;
  const std::string pod_key = key.substr(std::string_view{"pod/"}.size());
  const entry* pod = pods_->find(pod_key);
  if (pod == nullptr || pod->metadata->deletionTimestamp().has_value() || pod->as<Pod>().spec() == nullptr) {
    evictions_.erase(key);
    return plan;
  }
  const std::string node_name{text(pod->as<Pod>().spec()->nodeName())};
  const entry* node = nodes_->find(node_name);
  std::optional<int64_t> due;
  if (node != nullptr)
    due = decide_eviction(pod->as<Pod>(), node->as<Node>(), states_[node_name].taints_seen);
  const auto about = client::reference_to(client::pods, *pod);
  const int64_t now = clock_->wall_seconds();
  if (!due) {
    if (const auto planned = evictions_.extract(key); !planned.empty() && planned.mapped() > now)
      plan.events.push_back({about, false, "TaintManagerEviction", fmt::format("Cancelling deletion of Pod {}", pod_key)});
    return plan;
  }
  evictions_[key] = *due;
  if (*due > now) {
    plan.again_after = std::chrono::seconds{*due - now};
    return plan;
  }
  const auto* disrupted = framework::condition_of(pod->as<Pod>(), "DisruptionTarget");
  if (disrupted == nullptr || text(disrupted->status()) != "True") {
    plan.events.push_back({about, false, "TaintManagerEviction", fmt::format("Marking for deletion Pod {}", pod_key)});
    plan.operations.push_back(mark_disrupted(*pod, now));
    return plan; // its event brings us back
  }
  auto remove = operation::remove(client::pods, std::string{text(pod->metadata->namespace_())}, std::string{text(pod->metadata->name())},
                                  {.uid = std::string{text(pod->metadata->uid())}});
  remove.tolerated = {404, 409};
  plan.operations.push_back(std::move(remove));
  return plan;
}

} // namespace actors::controllers::nodelifecycle
