// The four reasons, the order, the patch.
#include "actors/controllers/podgc/find_garbage.hpp"

#include <algorithm>
#include <tuple>

#include "messages/codec/time.hpp"

namespace actors::controllers::podgc {

using framework::text;

namespace {

using pod_list = std::vector<const pod_facts*>;

bool goes_before(const pod_facts* a, const pod_facts* b) {
  return std::tuple{!a->evicted, a->created, a->key} < std::tuple{!b->evicted, b->created, b->key};
}

garbage garbage_of(const pod_facts& pod, reason why) {
  return {std::string{pod.key}, std::string{pod.uid}, why};
}

/// The first `most` of `from` that are not settled.
void take(found_garbage& into, const pod_list& from, reason why, size_t most) {
  for (const auto* pod : from) {
    if (pod->settled)
      continue;
    if (most == 0) {
      into.more = true;
      return;
    }
    into.now.push_back(garbage_of(*pod, why));
    --most;
  }
}

/// Those beyond the threshold. Settled ones count, or what finalizers hold would push out others.
pod_list excess_of(pod_list terminated, int64_t threshold) {
  const auto kept = static_cast<size_t>(threshold);
  if (threshold <= 0 || terminated.size() <= kept)
    return {};
  std::sort(terminated.begin(), terminated.end(), goes_before);
  terminated.resize(terminated.size() - kept);
  return terminated;
}

} // namespace

std::string_view name_of(reason why) {
  switch (why) {
    case reason::out_of_service: return "out-of-service";
    case reason::unscheduled: return "unscheduled";
    case reason::orphaned: return "orphaned";
    case reason::terminated: return "terminated";
  }
  return "";
}

node_standing standing_of(const Node* node) {
  if (node == nullptr)
    return node_standing::missing;
  if (node->status() != nullptr && node->status()->conditions() != nullptr)
    for (const auto* condition : *node->status()->conditions())
      if (text(condition->type()) == "Ready" && text(condition->status()) == "True")
        return node_standing::present;
  if (node->spec() != nullptr && node->spec()->taints() != nullptr)
    for (const auto* taint : *node->spec()->taints())
      if (text(taint->key()) == "node.kubernetes.io/out-of-service")
        return node_standing::out_of_service;
  return node_standing::present;
}

pod_facts facts_of(std::string_view key, const Pod& pod) {
  const auto& metadata = *pod.metadata();
  const auto phase = framework::phase_of(pod);
  pod_facts result{.key = key,
                   .uid = text(metadata.uid()),
                   .node = pod.spec() == nullptr ? std::string_view{} : text(pod.spec()->nodeName()),
                   .created = metadata.creationTimestamp().value_or(0),
                   .terminated = phase == "Succeeded" || phase == "Failed",
                   .ending = framework::is_deleted(pod)};
  result.evicted = phase == "Failed" && text(pod.status()->reason()) == "Evicted";
  result.settled = result.terminated && result.ending && metadata.deletionGracePeriodSeconds().value_or(1) == 0;
  return result;
}

bool may_be_garbage(const pod_facts& pod, bool node_missing) {
  return pod.terminated || pod.ending || (node_missing && !pod.node.empty());
}

bool is_garbage(const pod_facts& pod, node_standing node, reason why) {
  switch (why) {
    case reason::out_of_service: return pod.ending && node == node_standing::out_of_service;
    case reason::unscheduled: return pod.ending && pod.node.empty();
    case reason::orphaned: return !pod.node.empty() && node == node_standing::missing;
    case reason::terminated: return pod.terminated;
  }
  return false;
}

found_garbage find_garbage(const std::vector<pod_facts>& pods, const std::function<node_standing(std::string_view node)>& standing,
                           const limits& most) {
  found_garbage result;
  pod_list out_of_service, unscheduled, terminated;
  for (const auto& pod : pods) {
    const auto node = pod.node.empty() ? node_standing::present : standing(pod.node);
    if (is_garbage(pod, node, reason::orphaned)) {
      auto& of_node = result.orphans[std::string{pod.node}];
      if (!pod.settled)
        of_node.push_back(garbage_of(pod, reason::orphaned));
    }
    if (is_garbage(pod, node, reason::out_of_service))
      out_of_service.push_back(&pod);
    else if (is_garbage(pod, node, reason::unscheduled))
      unscheduled.push_back(&pod);
    if (pod.terminated)
      terminated.push_back(&pod);
  }
  std::sort(out_of_service.begin(), out_of_service.end(), goes_before);
  std::sort(unscheduled.begin(), unscheduled.end(), goes_before);
  const auto room = [&] { return most.found_max - result.now.size(); };
  take(result, out_of_service, reason::out_of_service, room());
  take(result, unscheduled, reason::unscheduled, room());
  take(result, excess_of(std::move(terminated), most.terminated_threshold), reason::terminated, std::min(room(), most.terminated_max));
  return result;
}

draft failed_patch(const Pod& pod, reason why, int64_t now_seconds) {
  const auto& metadata = *pod.metadata();
  draft status = draft::make_object({{"phase", "Failed"}, {"observedGeneration", metadata.generation()}});
  if (why == reason::orphaned) {
    draft condition = draft::make_object({{"type", "DisruptionTarget"},
                                          {"status", "True"},
                                          {"observedGeneration", metadata.generation()},
                                          {"reason", "DeletionByPodGC"},
                                          {"message", "PodGC: node no longer exists"}});
    const auto* before = framework::condition_of(pod, "DisruptionTarget");
    if (before == nullptr || text(before->status()) != "True") // else it has been so since then
      condition.set("lastTransitionTime", messages::codec::format_time(now_seconds));
    status.set("conditions", draft::make_array({std::move(condition)}));
  }
  return draft::make_object({{"metadata", draft::make_object({{"uid", text(metadata.uid())}})}, {"status", std::move(status)}});
}

} // namespace actors::controllers::podgc
