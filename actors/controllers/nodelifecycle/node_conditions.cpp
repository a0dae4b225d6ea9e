// Conditions and taints, in upstream's words.
#include "actors/controllers/nodelifecycle/node_conditions.hpp"

#include <algorithm>
#include <array>

#include "actors/controllers/framework/pods.hpp"
#include "messages/codec/time.hpp"

namespace actors::controllers::nodelifecycle {

using framework::text;
using messages::codec::format_time;

namespace {

/// The kubelet reports these; NetworkUnavailable belongs to others.
constexpr std::array reported_types{"Ready", "MemoryPressure", "DiskPressure", "PIDPressure"};

constexpr const char* not_ready_key = "node.kubernetes.io/not-ready";
constexpr const char* unreachable_key = "node.kubernetes.io/unreachable";

struct condition_taint {
  const char* type;
  const char* status;
  const char* key;
};
constexpr std::array condition_taints{
  condition_taint{"Ready", "False", not_ready_key},
  condition_taint{"Ready", "Unknown", unreachable_key},
  condition_taint{"MemoryPressure", "True", "node.kubernetes.io/memory-pressure"},
  condition_taint{"DiskPressure", "True", "node.kubernetes.io/disk-pressure"},
  condition_taint{"NetworkUnavailable", "True", "node.kubernetes.io/network-unavailable"},
  condition_taint{"PIDPressure", "True", "node.kubernetes.io/pid-pressure"},
};
constexpr const char* unschedulable_key = "node.kubernetes.io/unschedulable";

std::string_view status_of(const draft& node, std::string_view type) {
  for (const auto& condition : node.at({"status", "conditions"}).items())
    if (condition.get("type").str() == type)
      return condition.get("status").str();
  return {};
}

bool is(const draft& taint, std::string_view key, std::string_view effect) {
  return taint.get("key").str() == key && taint.get("effect").str() == effect;
}

class taint_list {
public:
  taint_list(const draft& present, int64_t now_seconds) : now_(format_time(now_seconds)) {
    result.taints = present.is_array() ? present : draft::make_array();
  }
  bool has(std::string_view key, std::string_view effect) const {
    const auto& items = std::as_const(result.taints).items();
    return std::any_of(items.begin(), items.end(), [&](const auto& taint) { return is(taint, key, effect); });
  }
  void add(std::string_view key, std::string_view effect) {
    if (has(key, effect))
      return;
    result.taints.push_back(draft::make_object({{"key", key}, {"effect", effect}, {"timeAdded", now_}}));
    result.changed = true;
  }
  void remove(std::string_view key, std::string_view effect) {
    result.changed |= std::erase_if(result.taints.items(), [&](const auto& taint) { return is(taint, key, effect); }) > 0;
  }

  taint_decision result;

private:
  std::string now_;
};

} // namespace

const NodeCondition* condition_of(const Node& node, std::string_view type) {
  if (node.status() != nullptr && node.status()->conditions() != nullptr)
    for (const auto* condition : *node.status()->conditions())
      if (text(condition->type()) == type)
        return condition;
  return nullptr;
}

readiness readiness_of(const Node& node) {
  const auto* ready = condition_of(node, "Ready");
  const auto status = ready == nullptr ? std::string_view{} : text(ready->status());
  return status == "True" ? readiness::ready : status == "False" ? readiness::not_ready : readiness::unknown;
}

std::optional<draft> silent_conditions(const draft& node, int64_t now_seconds) {
  draft conditions = node.at({"status", "conditions"});
  if (!conditions.is_array())
    conditions = draft::make_array();
  bool changed = false;
  for (const char* type : reported_types) {
    auto& items = conditions.items();
    const auto found = std::find_if(items.begin(), items.end(), [&](const auto& item) { return item.get("type").str() == type; });
    if (found == items.end()) {
      conditions.push_back(draft::make_object({{"type", type},
                                               {"status", "Unknown"},
                                               {"lastHeartbeatTime", node.at({"metadata", "creationTimestamp"})},
                                               {"lastTransitionTime", format_time(now_seconds)},
                                               {"reason", "NodeStatusNeverUpdated"},
                                               {"message", "Kubelet never posted node status."}}));
      changed = true;
    } else if (found->get("status").str() != "Unknown") {
      found->set("status", "Unknown");
      found->set("reason", "NodeStatusUnknown");
      found->set("message", "Kubelet stopped posting node status.");
      found->set("lastTransitionTime", format_time(now_seconds));
      changed = true;
    }
  }
  return changed ? std::optional{std::move(conditions)} : std::nullopt;
}

taint_decision decide_taints(const draft& node, eviction permission, int64_t now_seconds) {
  taint_list list{node.at({"spec", "taints"}), now_seconds};
  for (const auto& rule : condition_taints) {
    if (status_of(node, rule.type) == rule.status)
      list.add(rule.key, "NoSchedule");
    else
      list.remove(rule.key, "NoSchedule");
  }
  if (node.at({"spec", "unschedulable"}).boolean())
    list.add(unschedulable_key, "NoSchedule");
  else
    list.remove(unschedulable_key, "NoSchedule");

  const auto ready = status_of(node, "Ready");
  const char* wanted = ready == "False" ? not_ready_key : ready == "Unknown" ? unreachable_key : nullptr;
  const bool had_one = list.has(not_ready_key, "NoExecute") || list.has(unreachable_key, "NoExecute");
  if (permission == eviction::withdrawn)
    wanted = nullptr;
  for (const char* key : {not_ready_key, unreachable_key})
    if (key != wanted)
      list.remove(key, "NoExecute");
  if (wanted != nullptr && !list.has(wanted, "NoExecute")) {
    if (had_one || permission == eviction::allowed) {
      list.add(wanted, "NoExecute");
      list.result.begins_eviction = !had_one;
    } else {
      list.result.waits_for_permission = true;
    }
  }
  return std::move(list.result);
}

} // namespace actors::controllers::nodelifecycle
