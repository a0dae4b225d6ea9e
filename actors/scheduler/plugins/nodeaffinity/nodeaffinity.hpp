// spec.nodeSelector and spec.affinity.nodeAffinity.
#pragma once

#include "actors/scheduler/plugins/plugin.hpp"

namespace actors::scheduler::plugins::nodeaffinity {

/// The nodes that the required terms name in metadata.name, if each of them does; empty when no node can have them.
std::optional<std::set<std::string>> only(const pod_info& pod);
refusal filter(const pod_info& pod, const node_info& node);
/// The sum of the weights of the preferred terms that the node matches.
int64_t score(const pod_info& pod, const node_info& node);

} // namespace actors::scheduler::plugins::nodeaffinity
