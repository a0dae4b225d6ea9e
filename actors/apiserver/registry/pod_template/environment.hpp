// Environment variables of a container and the references that they and downward volumes make.
#pragma once

#include "actors/apiserver/registry/field_error.hpp"

namespace actors::apiserver::registry::pod_template {

void validate_environment(const draft& variables, const path&, field_errors&);
void validate_environment_sources(const draft& sources, const path&, field_errors&);

/// A fieldRef in a downward volume: only metadata.
void validate_volume_field_ref(const draft& reference, const path&, field_errors&);
/// `in_volume`: the container must be named.
void validate_resource_field_ref(const draft& reference, bool in_volume, const path&, field_errors&);

} // namespace actors::apiserver::registry::pod_template
