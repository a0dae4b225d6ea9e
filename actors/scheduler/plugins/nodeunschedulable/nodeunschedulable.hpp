// Cordoned nodes (spec.unschedulable) take no pods, except those that tolerate it.
#pragma once

#include "actors/scheduler/plugins/plugin.hpp"

namespace actors::scheduler::plugins::nodeunschedulable {

refusal filter(const pod_info& pod, const node_info& node);

} // namespace actors::scheduler::plugins::nodeunschedulable
