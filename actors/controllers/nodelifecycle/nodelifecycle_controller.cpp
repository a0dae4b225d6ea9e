// Signs of life, conditions, taints.
#include "actors/controllers/nodelifecycle/nodelifecycle_controller.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "actors/client/label_selector.hpp"
#include "actors/controllers/framework/pods.hpp"
#include "actors/controllers/nodelifecycle/decide_eviction.hpp"
#include "messages/api/coordination/v1/lease_generated.h"
#include "messages/codec/time.hpp"

namespace actors::controllers::nodelifecycle {

using client::entry;
using framework::operation;
using framework::Pod;
using framework::sync_plan;
using framework::text;

namespace {

constexpr const char* by_node = "node";
constexpr const char* lease_namespace = "kube-node-lease";
constexpr std::chrono::milliseconds blind_pause{5'000};

std::string node_key(std::string_view name) {
  return "node/" + std::string{name};
}

std::string_view node_of(const entry& pod) {
  const auto* spec = pod.as<Pod>().spec();
  return spec == nullptr ? std::string_view{} : text(spec->nodeName());
}

std::string zone_of(const entry& node) {
  const auto label = [&](const char* key) { return std::string{text(client::label_value(node.metadata->labels(), key))}; };
  return label("topology.kubernetes.io/region") + ":" + label("topology.kubernetes.io/zone");
}

std::chrono::milliseconds until(int64_t due_us, int64_t now_us) {
  return std::chrono::milliseconds{std::max<int64_t>((due_us - now_us) / 1000 + 1, 1)};
}

void look_again(sync_plan& plan, std::chrono::milliseconds delay) {
  plan.again_after = std::min(plan.again_after.value_or(delay), delay);
}

} // namespace

void nodelifecycle_controller::start(framework::setup& tools) {
  enqueue_ = tools.enqueue;
  connected_ = tools.connected;
  nodes_ = &tools.api.watch(client::nodes);
  leases_ = &tools.api.watch(client::leases, {.name_space = lease_namespace});
  pods_ = &tools.api.watch(client::pods);
  pods_->add_index(by_node, [](const entry& item) {
    const auto node = node_of(item);
    return node.empty() ? std::vector<std::string>{} : std::vector<std::string>{std::string{node}};
  });
  nodes_->on_change([this](const std::string& key, const entry* before, const entry* after) { on_node(key, before, after); });
  leases_->on_change([this](const std::string&, const entry*, const entry* after) { on_lease(after); });
  pods_->on_change([this](const std::string& key, const entry* before, const entry* after) { on_pod(key, before, after); });
}

void nodelifecycle_controller::on_node(const std::string& name, const entry* before, const entry* after) {
  enqueue_(node_key(name));
  if (after == nullptr) {
    removed_[name] = states_[name].uid;
    states_.erase(name);
    if (zones_.erase(name))
      enqueue_all_nodes();
    return;
  }
  const auto& node = after->as<Node>();
  auto& state = states_[name];
  if (state.heard_us == 0)
    state.heard_us = clock_->monotonic_us();
  state.uid = text(after->metadata->uid());
  const auto* ready = condition_of(node, "Ready");
  const int64_t reported = ready == nullptr ? 0 : ready->lastHeartbeatTime().value_or(0);
  if (std::exchange(state.reported, reported) != reported)
    state.heard_us = clock_->monotonic_us();
  if (before != nullptr && readiness_of(before->as<Node>()) == readiness::ready && readiness_of(node) == readiness::not_ready)
    state.mark_pods = true;
  if (zones_.put(name, zone_of(*after), readiness_of(node) == readiness::ready))
    enqueue_all_nodes();
  const bool evicted_before = before != nullptr && has_no_execute_taint(before->as<Node>());
  if (!has_no_execute_taint(node))
    state.taints_seen = 0;
  else if (state.taints_seen == 0)
    state.taints_seen = clock_->wall_seconds();
  const auto taints = [](const entry& item) { return client::draft_of(client::nodes, item).at({"spec", "taints"}); };
  const bool evicts = has_no_execute_taint(node);
  if (evicted_before != evicts || (evicts && before != nullptr && taints(*before) != taints(*after)))
    enqueue_pods_of(name);
}

void nodelifecycle_controller::on_lease(const entry* after) {
  if (after == nullptr)
    return;
  const auto* spec = after->as<messages::api::coordination::v1::Lease>().spec();
  const int64_t renewed = spec == nullptr ? 0 : spec->renewTime().value_or(0);
  const std::string name{text(after->metadata->name())};
  auto& state = states_[name];
  if (renewed > state.lease_renewed) {
    state.lease_renewed = renewed;
    state.heard_us = clock_->monotonic_us();
  }
}

void nodelifecycle_controller::on_pod(const std::string& key, const entry* before, const entry* after) {
  if (after == nullptr) {
    evictions_.erase("pod/" + key);
    return;
  }
  const entry* node = nodes_->find(node_of(*after));
  if (node == nullptr)
    return;
  if (has_no_execute_taint(node->as<Node>()) || evictions_.contains("pod/" + key))
    enqueue_("pod/" + key);
  const bool arrived = before == nullptr || node_of(*before) != node_of(*after) || !framework::is_ready(before->as<Pod>());
  if (arrived && framework::is_ready(after->as<Pod>()) && readiness_of(node->as<Node>()) == readiness::unknown)
    enqueue_(node_key(node_of(*after)));
}

void nodelifecycle_controller::enqueue_pods_of(const std::string& node) {
  for (const auto& pod : pods_->by_index(by_node, node))
    enqueue_("pod/" + std::string{pod});
}

void nodelifecycle_controller::enqueue_all_nodes() {
  for (const auto& [name, item] : nodes_->entries())
    enqueue_(node_key(name.text()));
}

/// Without an apiserver we hear nothing, which says nothing about the nodes: their time starts anew afterwards.
void nodelifecycle_controller::notice_blindness() {
  if (!connected_()) {
    blind_ = true;
    return;
  }
  if (!std::exchange(blind_, false))
    return;
  for (auto& [name, state] : states_)
    state.heard_us = clock_->monotonic_us();
}

sync_plan nodelifecycle_controller::sync(const std::string& key) {
  notice_blindness();
  if (blind_)
    return {.again_after = blind_pause};
  const auto slash = key.find('/');
  return key.starts_with("pod/") ? sync_pod(key) : sync_node(key.substr(slash + 1));
}

bool nodelifecycle_controller::check_health(const entry& item, node_state& state, sync_plan& plan) {
  const auto& node = item.as<Node>();
  const int64_t grace = condition_of(node, "Ready") == nullptr ? startup_grace_us : grace_us;
  const int64_t now = clock_->monotonic_us();
  if (now < state.heard_us + grace) {
    look_again(plan, until(state.heard_us + grace, now));
    return false;
  }
  draft object = client::draft_of(client::nodes, item);
  auto conditions = silent_conditions(object, clock_->wall_seconds());
  if (!conditions)
    return false; // its next sign of life is an event
  object["status"].set("conditions", std::move(*conditions));
  auto write = operation::update_status(client::nodes, std::move(object));
  if (readiness_of(node) == readiness::ready)
    write.on_success = framework::event_note{client::reference_to(client::nodes, item), false, "NodeNotReady",
                                             fmt::format("Node {} status is now: NodeNotReady", text(item.metadata->name()))};
  plan.operations.push_back(std::move(write));
  return true;
}

void nodelifecycle_controller::set_taints(const entry& item, sync_plan& plan) {
  draft object = client::draft_of(client::nodes, item);
  const int64_t now = clock_->wall_seconds();
  if (zones_.all_lost()) {
    auto decision = decide_taints(object, eviction::withdrawn, now);
    if (decision.changed) {
      object["spec"].set("taints", std::move(decision.taints));
      plan.operations.push_back(operation::update(client::nodes, std::move(object)));
    }
    return;
  }
  auto decision = decide_taints(object, eviction::not_yet, now);
  std::function<void(const client::api_result&)> on_result;
  if (decision.waits_for_permission) {
    const auto zone = zone_of(item);
    const auto answer = zones_.ask(zone, clock_->monotonic_us());
    if (answer.allowed) {
      decision = decide_taints(object, eviction::allowed, now);
      on_result = [this, zone](const client::api_result& result) {
        if (!result.ok())
          zones_.give_back(zone);
      };
    } else if (answer.ask_again_us) {
      look_again(plan, until(*answer.ask_again_us, clock_->monotonic_us()));
    }
  }
  if (!decision.changed)
    return;
  object["spec"].set("taints", std::move(decision.taints));
  auto write = operation::update(client::nodes, std::move(object));
  write.on_result = std::move(on_result);
  plan.operations.push_back(std::move(write));
}

/// Services must not send requests to pods that nobody watches over.
void nodelifecycle_controller::mark_pods_not_ready(const entry& item, node_state& state, sync_plan& plan) {
  if (readiness_of(item.as<Node>()) != readiness::unknown && !state.mark_pods)
    return;
  state.mark_pods = false;
  for (const auto& key : pods_->by_index(by_node, std::string{text(item.metadata->name())})) {
    const entry* pod = pods_->find(key);
    if (!framework::is_ready(pod->as<Pod>()))
      continue;
    if (plan.operations.size() >= marked_max) {
      state.mark_pods = true;
      look_again(plan, std::chrono::milliseconds{1});
      return;
    }
    const draft patch = draft::make_object(
      {{"metadata", draft::make_object({{"uid", text(pod->metadata->uid())}})},
       {"status", draft::make_object({{"conditions", draft::make_array({draft::make_object(
                                                       {{"type", "Ready"},
                                                        {"status", "False"},
                                                        {"lastTransitionTime", messages::codec::format_time(clock_->wall_seconds())}})})}})}});
    auto write = operation::patch(client::pods, std::string{text(pod->metadata->namespace_())}, std::string{text(pod->metadata->name())},
                                  client::protocol::PatchKind::strategic_merge, patch);
    write.what = operation::verb::patch_status;
    write.tolerated = {404, 409}; // gone, or another pod of that name
    write.on_success = framework::event_note{client::reference_to(client::pods, *pod), true, "NodeNotReady", "Node is not ready"};
    plan.operations.push_back(std::move(write));
  }
}

sync_plan nodelifecycle_controller::sync_node(const std::string& name) {
  sync_plan plan;
  const entry* item = nodes_->find(name);
  if (item == nullptr) {
    if (const auto gone = removed_.extract(name); !gone.empty())
      plan.events.push_back({{.api_version = "v1", .kind = "Node", .name = name, .uid = gone.mapped()}, false, "RemovingNode",
                             fmt::format("Node {0} event: Removing Node {0} from Controller", name)});
    return plan;
  }
  auto& state = states_[name];
  if (!std::exchange(state.registered, true))
    plan.events.push_back({client::reference_to(client::nodes, *item), false, "RegisteredNode",
                           fmt::format("Node {0} event: Registered Node {0} in Controller", name)});
  if (check_health(*item, state, plan))
    return plan;
  set_taints(*item, plan);
  mark_pods_not_ready(*item, state, plan);
  return plan;
}

} // namespace actors::controllers::nodelifecycle
