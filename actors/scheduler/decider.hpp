// The part of the scheduler that can be swapped while it runs: where a pod goes. The picture of the cluster, the queue and
// the bindings under way stay with the actor.
#pragma once

#include <functional>
#include <memory>

#include "actors/scheduler/decide_node.hpp"
#include "runtime/hotswap/swappable.hpp"

namespace actors::scheduler {

class decider : public runtime::hotswap::swappable {
public:
  /// May throw: the pod is tried again after a pause. `below(n)`: a random number in [0, n).
  virtual node_decision decide(const cache::pod_info& pod, const cache::cluster_cache& cluster,
                               const std::function<uint64_t(uint64_t)>& below) = 0;
};

/// The plugins of plugins/registry.cpp.
std::unique_ptr<decider> make_default_decider();

} // namespace actors::scheduler
