// Ranges as the Nodes show them, and the next one for a node without.
#include "actors/controllers/nodeipam/nodeipam_controller.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "actors/controllers/framework/pods.hpp"
#include "messages/api/core/v1/node_generated.h"

namespace actors::controllers::nodeipam {

using client::draft;
using client::entry;
using framework::operation;
using framework::sync_plan;
using framework::text;
using messages::api::core::v1::Node;

namespace {

ipv4_network network_of_cluster(const std::string& cidr) {
  if (auto network = runtime::net::parse_ipv4_network(cidr))
    return *network;
  throw std::invalid_argument("the cluster's podCIDR " + cidr + " is no IPv4 network: nodes get ranges of IPv4 only");
}

bool has_range(const entry& node) {
  const auto* spec = node.as<Node>().spec();
  return spec != nullptr && !text(spec->podCIDR()).empty();
}

/// Of both fields, since another program may have written only one.
std::vector<ipv4_network> ranges_of(const entry& node) {
  std::vector<ipv4_network> result;
  const auto add = [&](std::string_view cidr) {
    if (auto network = runtime::net::parse_ipv4_network(cidr))
      result.push_back(*network);
  };
  const auto* spec = node.as<Node>().spec();
  if (spec == nullptr)
    return result;
  add(text(spec->podCIDR()));
  if (spec->podCIDRs() != nullptr)
    for (const auto* cidr : *spec->podCIDRs())
      add(text(cidr));
  std::sort(result.begin(), result.end());
  result.erase(std::unique(result.begin(), result.end()), result.end());
  return result;
}

framework::event_note status_event(const entry& node, const char* reason) {
  return {client::reference_to(client::nodes, node), false, reason,
          fmt::format("Node {} status is now: {}", text(node.metadata->name()), reason)};
}

} // namespace

nodeipam_controller::nodeipam_controller(const std::string& cluster_cidr, int mask_size, runtime::telemetry::logger log)
    : log_(std::move(log)), ranges_(network_of_cluster(cluster_cidr), mask_size) {}

void nodeipam_controller::start(framework::setup& tools) {
  enqueue_ = tools.enqueue;
  nodes_ = &tools.api.watch(client::nodes);
  nodes_->on_change([this](const std::string& name, const entry*, const entry* after) { on_node(name, after); });
}

void nodeipam_controller::on_node(const std::string& name, const entry* after) {
  auto& state = states_[name];
  auto shown = after == nullptr ? std::vector<ipv4_network>{} : ranges_of(*after);
  if (shown != state.shown) {
    for (const auto& range : shown)
      ranges_.occupy(range);
    for (const auto& range : state.shown)
      ranges_.release(range);
    state.shown = std::move(shown);
    report_overlaps(name, state);
  }
  if (after == nullptr || has_range(*after)) {
    release_reserved(state);
    waiting_.erase(name);
  } else {
    enqueue_(name);
  }
  if (after == nullptr)
    states_.erase(name);
  wake_waiting();
}

/// Pods of both nodes could have the same address. Nothing is taken from a node: its pods use it.
void nodeipam_controller::report_overlaps(const std::string& name, const node_ranges& node) const {
  for (const auto& range : node.shown)
    if (!ranges_.exclusive(range) && node.reserved != range)
      log_.error("a node's range overlaps another's, or lies outside of the cluster's", {{"node", name}, {"range", to_string(range)}});
}

void nodeipam_controller::release_reserved(node_ranges& node) {
  if (node.reserved)
    ranges_.release(*node.reserved);
  node.reserved.reset();
}

void nodeipam_controller::wake_waiting() {
  if (ranges_.left() == 0)
    return;
  for (const auto& name : std::exchange(waiting_, {}))
    enqueue_(name);
}

/// The same one again as long as nobody else has got it, for instance from another instance of this controller: the answer
/// to our write may have been lost.
std::optional<ipv4_network> nodeipam_controller::choose_range(const std::string& name) {
  auto& state = states_[name];
  if (state.reserved && !ranges_.exclusive(*state.reserved))
    release_reserved(state);
  if (!state.reserved)
    state.reserved = ranges_.allocate();
  return state.reserved;
}

sync_plan nodeipam_controller::sync(const std::string& name) {
  sync_plan plan;
  const entry* node = nodes_->find(name);
  if (node == nullptr || has_range(*node) || node->metadata->deletionTimestamp().has_value())
    return plan;
  const auto range = choose_range(name);
  if (!range) {
    if (waiting_.insert(name).second)
      plan.events.push_back(status_event(*node, "CIDRNotAvailable"));
    return plan;
  }
  const auto cidr = to_string(*range);
  const draft patch = draft::make_object(
    {{"metadata", draft::make_object({{"uid", text(node->metadata->uid())}, {"resourceVersion", std::to_string(node->revision)}})},
     {"spec", draft::make_object({{"podCIDR", cidr}, {"podCIDRs", draft::make_array({cidr})}})}});
  auto write = operation::patch(client::nodes, "", name, client::protocol::PatchKind::merge, patch);
  write.on_failure = status_event(*node, "CIDRAssignmentFailed");
  plan.operations.push_back(std::move(write));
  return plan;
}

} // namespace actors::controllers::nodeipam
