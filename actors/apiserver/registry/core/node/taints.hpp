// Taints of a node, and the effects that tolerations share with them.
#pragma once

#include "actors/apiserver/registry/field_error.hpp"

namespace actors::apiserver::registry::core::node {

void validate_taints(const draft& taints, const path&, field_errors&);
/// NoSchedule, PreferNoSchedule, NoExecute. An empty effect is `required` unless allowed.
void validate_taint_effect(std::string_view effect, bool may_be_empty, const path&, field_errors&);

} // namespace actors::apiserver::registry::core::node
