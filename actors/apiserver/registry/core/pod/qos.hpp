// The quality-of-service class of a pod, from its requests and limits.
#pragma once

#include <string_view>

#include "messages/codec/draft.hpp"

namespace actors::apiserver::registry::core::pod {

/// "Guaranteed", "Burstable" or "BestEffort".
std::string_view qos_class(const messages::codec::draft& pod_spec);

} // namespace actors::apiserver::registry::core::pod
