// Host ports can be taken once per node.
#pragma once

#include "actors/scheduler/plugins/plugin.hpp"

namespace actors::scheduler::plugins::nodeports {

refusal filter(const pod_info& pod, const node_info& node);

} // namespace actors::scheduler::plugins::nodeports
