// Taints of nodes and tolerations of pods.
#pragma once

#include "actors/scheduler/plugins/plugin.hpp"

namespace actors::scheduler::plugins::tainttoleration {

/// Refused by a NoSchedule or NoExecute taint that the pod does not tolerate.
refusal filter(const pod_info& pod, const node_info& node);
/// PreferNoSchedule taints that the pod does not tolerate.
int64_t score(const pod_info& pod, const node_info& node);
/// Does any toleration of the pod cover this taint?
bool tolerates(const pod_info& pod, std::string_view key, std::string_view value, std::string_view effect);

} // namespace actors::scheduler::plugins::tainttoleration
