// The node's range of pod addresses: from the placement file or the Node, into the CNI configuration.
#include "actors/kubelet/kubelet_actor.hpp"
#include "messages/api/core/v1/node_generated.h"

namespace actors::kubelet {
namespace {

constexpr const char* mtu_annotation = "troupe.dev/pod-mtu"; ///< written by the role podnetwork

int64_t mtu_of(const messages::api::core::v1::Node& node) {
  const auto* annotations = node.metadata() ? node.metadata()->annotations() : nullptr;
  if (annotations)
    for (const auto* entry : *annotations)
      if (entry->key() && entry->value() && entry->key()->string_view() == mtu_annotation)
        return std::atoll(entry->value()->c_str());
  return 0;
}

} // namespace

status::network_settings kubelet::network_settings() const {
  return {environment_->node, context_.settings.text("bridge"), context_.settings.text("podCIDR"),
          context_.data / "containerd" / "cni" / "net.d", environment_->root / "cni",
          context_.settings.integer("mtu", 0)};
}

/// Our Node has changed: it may have got its range, or another largest packet.
void kubelet::on_own_node(const client::entry* after) {
  if (!after)
    return;
  const auto& node = after->as<messages::api::core::v1::Node>();
  std::string assigned = node.spec() && node.spec()->podCIDR() ? node.spec()->podCIDR()->str() : "";
  auto decision = status::decide_range(context_.settings.text("podCIDR"), assigned);
  node_reporter_.observe(node);
  if (parts_.hollow) {
    adopt_hollow_range(decision);
    return;
  }
  auto wanted = network_settings();
  wanted.pod_cidr = decision.range;
  if (wanted.mtu == 0)
    wanted.mtu = mtu_of(node);
  if (decision.problem.empty() && wanted_network_ && wanted_network_->pod_cidr == wanted.pod_cidr &&
      wanted_network_->mtu == wanted.mtu)
    return;
  if (!decision.problem.empty()) {
    wanted_network_.reset();
    set_range_problem(decision.problem);
    return;
  }
  wanted_network_ = wanted;
  configure_network();
}

/// There is nothing to configure. Pods that were bound before are waiting.
void kubelet::adopt_hollow_range(const status::range_decision& decision) {
  if (parts_.assign_range && !decision.range.empty())
    parts_.assign_range(decision.range);
  if (std::exchange(range_problem_, decision.problem) == decision.problem)
    return;
  if (!decision.problem.empty())
    context_.log.error("the pod network cannot be configured", {{"why", decision.problem}});
  refresh_machine();
  for (const auto& [key, uid] : std::map(uid_by_key_))
    sync(uid);
}

/// Writes the configuration; as long as that is not possible, housekeeping tries again.
void kubelet::configure_network() {
  if (!wanted_network_ || configuring_)
    return;
  configuring_ = true;
  auto wanted = *wanted_network_;
  work<std::string>(
    [wanted] {
      try {
        return status::prepare_network(wanted);
      } catch (const std::exception& e) {
        return std::string(e.what());
      }
    },
    [this, wanted](std::string problem) {
      configuring_ = false;
      set_range_problem(problem);
      if (wanted_network_ && (wanted_network_->pod_cidr != wanted.pod_cidr || wanted_network_->mtu != wanted.mtu))
        configure_network(); // it has changed meanwhile
    });
}

void kubelet::set_range_problem(const std::string& problem) {
  if (problem == range_problem_)
    return;
  range_problem_ = problem;
  if (problem.empty())
    context_.log.info("the pod network is configured", {{"range", wanted_network_ ? wanted_network_->pod_cidr : ""}});
  else
    context_.log.error("the pod network cannot be configured", {{"why", problem}});
  refresh_machine(); // asks the runtime whether it agrees, and reports
}

} // namespace actors::kubelet
