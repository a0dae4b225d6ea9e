// When a pod has to leave a node with NoExecute taints. Pure.
#pragma once

#include <functional>
#include <optional>

#include "actors/controllers/framework/pods.hpp"
#include "messages/api/core/v1/node_generated.h"

namespace actors::controllers::nodelifecycle {

using messages::api::core::v1::Taint;
using messages::api::core::v1::Toleration;

bool tolerates(const Toleration& toleration, const Taint& taint);
bool has_no_execute_taint(const messages::api::core::v1::Node& node);

/// Seconds since 1970 at which the pod has to go; nullopt: it may stay. `taint_seen`: when a taint without timeAdded was
/// first seen.
std::optional<int64_t> decide_eviction(const framework::Pod& pod, const messages::api::core::v1::Node& node, int64_t taint_seen);

} // namespace actors::controllers::nodelifecycle
