// Validation of what a kubelet reports about a Pod.
#pragma once

#include "actors/apiserver/registry/field_error.hpp"

namespace actors::apiserver::registry::core::pod {

/// The mirror-pod annotation says who made the pod; it stays as it is.
void validate_pod_annotation_update(const draft& next, const draft& old, field_errors&);

} // namespace actors::apiserver::registry::core::pod
