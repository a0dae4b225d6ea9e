// Taints and tolerations.
#include "actors/scheduler/plugins/tainttoleration/tainttoleration.hpp"

#include <algorithm>

namespace actors::scheduler::plugins::tainttoleration {

namespace {

using cache::text;
using messages::api::core::v1::Taint;

bool tolerates(const pod_info& pod, const Taint& taint) {
  return tainttoleration::tolerates(pod, text(taint.key()), text(taint.value()), text(taint.effect()));
}

} // namespace

bool tolerates(const pod_info& pod, std::string_view key, std::string_view value, std::string_view effect) {
  const auto* spec = pod.pod().spec();
  if (spec == nullptr || spec->tolerations() == nullptr)
    return false;
  return std::any_of(spec->tolerations()->begin(), spec->tolerations()->end(), [&](const auto* item) {
    if (!text(item->effect()).empty() && text(item->effect()) != effect)
      return false;
    if (!text(item->key()).empty() && text(item->key()) != key)
      return false;
    const auto op = text(item->operator_());
    return op == "Exists" || ((op.empty() || op == "Equal") && text(item->value()) == value);
  });
}

refusal filter(const pod_info& pod, const node_info& node) {
  const auto* spec = node.node().spec();
  if (spec == nullptr || spec->taints() == nullptr)
    return {};
  for (const auto* taint : *spec->taints())
    if (text(taint->effect()) != "PreferNoSchedule" && !tolerates(pod, *taint))
      return {{"node(s) had untolerated taint(s)"}, true}; // not which: they are the operator's (kubernetes#134740)
  return {};
}

int64_t score(const pod_info& pod, const node_info& node) {
  const auto* spec = node.node().spec();
  if (spec == nullptr || spec->taints() == nullptr)
    return 0;
  return std::count_if(spec->taints()->begin(), spec->taints()->end(), [&](const auto* taint) {
    return text(taint->effect()) == "PreferNoSchedule" && !tolerates(pod, *taint);
  });
}

} // namespace actors::scheduler::plugins::tainttoleration
