// Cordoned nodes.
#include "actors/scheduler/plugins/nodeunschedulable/nodeunschedulable.hpp"

#include "actors/scheduler/plugins/tainttoleration/tainttoleration.hpp"

namespace actors::scheduler::plugins::nodeunschedulable {

refusal filter(const pod_info& pod, const node_info& node) {
  const auto* spec = node.node().spec();
  if (spec == nullptr || !spec->unschedulable())
    return {};
  if (tainttoleration::tolerates(pod, "node.kubernetes.io/unschedulable", "", "NoSchedule"))
    return {};
  return {{"node(s) were unschedulable"}, true};
}

} // namespace actors::scheduler::plugins::nodeunschedulable
