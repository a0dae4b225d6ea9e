// What admission adds to a pod.
#pragma once

#include <optional>
#include <string>

#include "messages/codec/draft.hpp"

namespace actors::apiserver::admission {

using messages::codec::draft;

/// A pod that names no service account runs as "default". Returns why the pod is refused.
std::optional<std::string> set_service_account(draft& pod);

/// spec.priority and spec.preemptionPolicy from spec.priorityClassName; there are only the system's own
/// classes so far.
std::optional<std::string> set_priority(draft& pod);
/// On update a client may leave them out.
void keep_priority(draft& next, const draft& old);

/// Five minutes on a node that is not ready or unreachable, unless the pod says otherwise.
void tolerate_lost_nodes(draft& pod);

inline constexpr int64_t lost_node_seconds = 300;

} // namespace actors::apiserver::admission
