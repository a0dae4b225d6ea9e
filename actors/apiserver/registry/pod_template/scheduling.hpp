// What a pod says about where it may run: affinity, tolerations, topology spread.
#pragma once

#include "actors/apiserver/registry/field_error.hpp"

namespace actors::apiserver::registry::pod_template {

void validate_affinity(const draft& affinity, const path&, field_errors&);
void validate_tolerations(const draft& tolerations, const path&, field_errors&);
void validate_topology_spread(const draft& constraints, const path&, field_errors&);
/// schedulingGates and readinessGates.
void validate_gates(const draft& pod_spec, const path& spec_field, field_errors&);

} // namespace actors::apiserver::registry::pod_template
