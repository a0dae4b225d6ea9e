#include "actors/scheduler/decider.hpp"

namespace actors::scheduler {

namespace {
class plugin_decider final : public decider {
public:
  node_decision decide(const cache::pod_info& pod, const cache::cluster_cache& cluster,
                       const std::function<uint64_t(uint64_t)>& below) override {
    auto decision = decide_node(pod, cluster, plugins::registry(), below, searched_to_);
    if (!decision.last_asked.empty())
      searched_to_ = decision.last_asked;
    return decision;
  }

private:
  std::string searched_to_; // the node where the last search ended
};
} // namespace

std::unique_ptr<decider> make_default_decider() {
  return std::make_unique<plugin_decider>();
}

} // namespace actors::scheduler
