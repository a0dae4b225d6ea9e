// spec.nodeSelector and spec.affinity.nodeAffinity.
#pragma once

#include "actors/scheduler/plugins/plugin.hpp"

namespace actors::scheduler::plugins::nodeaffinity {

std::vector<std::string> filter(const pod_info& pod, const node_info& node);
/// The sum of the weights of the preferred terms that the node matches.
int64_t score(const pod_info& pod, const node_info& node);

} // namespace actors::scheduler::plugins::nodeaffinity
