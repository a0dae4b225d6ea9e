// Tolerations of NoExecute taints.
#include "actors/controllers/nodelifecycle/decide_eviction.hpp"

#include <algorithm>

namespace actors::controllers::nodelifecycle {

using framework::Pod;
using framework::text;
using messages::api::core::v1::Node;

namespace {

/// Since when the pod has been on its node.
int64_t arrival_of(const Pod& pod) {
  int64_t result = pod.metadata()->creationTimestamp().value_or(0);
  if (const auto* scheduled = framework::condition_of(pod, "PodScheduled"))
    result = std::max(result, scheduled->lastTransitionTime().value_or(0));
  return result;
}

} // namespace

bool tolerates(const Toleration& toleration, const Taint& taint) {
  if (!text(toleration.effect()).empty() && text(toleration.effect()) != text(taint.effect()))
    return false;
  if (!text(toleration.key()).empty() && text(toleration.key()) != text(taint.key()))
    return false;
  const auto how = text(toleration.operator_());
  if (how == "Exists")
    return true;
  return (how.empty() || how == "Equal") && !text(toleration.key()).empty() && text(toleration.value()) == text(taint.value());
}

bool has_no_execute_taint(const Node& node) {
  if (node.spec() == nullptr || node.spec()->taints() == nullptr)
    return false;
  const auto& taints = *node.spec()->taints();
  return std::any_of(taints.begin(), taints.end(), [](const auto* taint) { return text(taint->effect()) == "NoExecute"; });
}

std::optional<int64_t> decide_eviction(const Pod& pod, const Node& node, int64_t taint_seen) {
  std::optional<int64_t> result;
  const int64_t arrived = arrival_of(pod);
  if (!has_no_execute_taint(node))
    return result;
  for (const auto* taint : *node.spec()->taints()) {
    if (text(taint->effect()) != "NoExecute")
      continue;
    const int64_t since = std::max(arrived, taint->timeAdded().value_or(taint_seen));
    bool tolerated = false;
    std::optional<int64_t> seconds;
    if (pod.spec()->tolerations() != nullptr)
      for (const auto* toleration : *pod.spec()->tolerations())
        if (tolerates(*toleration, *taint)) {
          tolerated = true;
          if (const auto limit = toleration->tolerationSeconds())
            seconds = std::min(seconds.value_or(INT64_MAX), std::max<int64_t>(*limit, 0));
        }
    if (tolerated && !seconds)
      continue;
    const int64_t due = tolerated ? since + *seconds : since;
    result = std::min(result.value_or(INT64_MAX), due);
  }
  return result;
}

} // namespace actors::controllers::nodelifecycle
