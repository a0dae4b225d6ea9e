#include "actors/scheduler/decider.hpp"

namespace actors::scheduler {

namespace {
class plugin_decider final : public decider {
public:
  node_decision decide(const cache::pod_info& pod, const cache::cluster_cache& cluster,
                       const std::function<uint64_t(uint64_t)>& below) override {
    return decide_node(pod, cluster, plugins::registry(), below);
  }
};
} // namespace

std::unique_ptr<decider> make_default_decider() {
  return std::make_unique<plugin_decider>();
}

} // namespace actors::scheduler
