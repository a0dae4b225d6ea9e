// Pod, v1.
#pragma once

#include <optional>
#include <string>

#include "actors/apiserver/registry/kind.hpp"

namespace actors::apiserver::registry::core::pod {

kind describe();

// pods/binding.

void validate_binding(const draft& binding, field_errors&);
/// Assigns the pod to binding.target.name: spec.nodeName, annotations and labels of the binding, condition
/// PodScheduled. Returns why it cannot be, which is a 409 Conflict of "pods/binding"; nothing when it is
/// done.
std::optional<std::string> apply_binding(const change_context&, const draft& binding, draft& pod);

// pods/log: PodLogOptions from the query, as a draft with its JSON field names.
void validate_log_options(const draft& options, field_errors&);

} // namespace actors::apiserver::registry::core::pod
