// What a node's conditions say, and what they become when its kubelet is silent. Pure.
#pragma once

#include <optional>
#include <string_view>

#include "actors/client/informer.hpp"
#include "messages/api/core/v1/node_generated.h"

namespace actors::controllers::nodelifecycle {

using client::draft;
using messages::api::core::v1::Node;
using messages::api::core::v1::NodeCondition;

enum class readiness { ready, not_ready, unknown };

const NodeCondition* condition_of(const Node& node, std::string_view type); // nullptr: none
/// A node that never said anything counts as unknown.
readiness readiness_of(const Node& node);

/// The conditions of a node whose kubelet has been silent for too long; nullopt: they say so already.
std::optional<draft> silent_conditions(const draft& node, int64_t now_seconds);

/// The node's taints with those that follow from its state. Only the keys that this controller owns are touched; of the
/// NoExecute ones, one that is wanted and missing is added to a node without any only if that is allowed.
struct taint_decision {
  draft taints; // an array
  bool changed = false;
  /// A NoExecute taint is missing and was not added.
  bool waits_for_permission = false;
  /// A NoExecute taint was added to a node that had none.
  bool begins_eviction = false;
};
enum class eviction { allowed, not_yet, withdrawn };
taint_decision decide_taints(const draft& node, eviction permission, int64_t now_seconds);

} // namespace actors::controllers::nodelifecycle
