// The quality-of-service class of a pod, from its requests and limits.
#pragma once

#include <string_view>

#include "messages/codec/draft.hpp"

namespace actors::apiserver::registry::core::pod {

/// "Guaranteed", "Burstable" or "BestEffort".
std::string_view qos_class(const messages::codec::draft& pod_spec);

/// What all containers of a pod request of `resource` at once, counting init containers; null when none does.
messages::codec::draft total_requests(const messages::codec::draft& pod_spec, std::string_view resource);

} // namespace actors::apiserver::registry::core::pod
