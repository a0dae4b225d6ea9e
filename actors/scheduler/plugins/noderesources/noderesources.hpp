// Requests must fit into what is allocatable; the emptier node is better.
#pragma once

#include "actors/scheduler/plugins/plugin.hpp"

namespace actors::scheduler::plugins::noderesources {

/// One reason for each resource that does not suffice.
refusal filter(const pod_info& pod, const node_info& node);
/// The mean of the free shares of cpu and memory after the pod is there, in percent (upstream's LeastAllocated).
int64_t score_least_allocated(const pod_info& pod, const node_info& node);

} // namespace actors::scheduler::plugins::noderesources
