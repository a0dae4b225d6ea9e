// Validation of one volume's source.
#pragma once

#include "actors/apiserver/registry/field_error.hpp"

namespace actors::apiserver::registry::pod_template {

/// Exactly one source, and that one valid.
void validate_volume_source(const draft& volume, std::string_view pod_name, const path&, field_errors&);

} // namespace actors::apiserver::registry::pod_template
