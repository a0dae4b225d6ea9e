// Security contexts of pods and containers.
#pragma once

#include "actors/apiserver/registry/field_error.hpp"

namespace actors::apiserver::registry::pod_template {

void validate_pod_security(const draft& pod_spec, const path& spec_field, field_errors&);
void validate_container_security(const draft& security_context, bool host_users, const path&, field_errors&);

/// What hostUsers: false rules out.
void validate_host_users(const draft& pod_spec, const path& spec_field, field_errors&);
/// What spec.os rules out.
void validate_os(const draft& pod_spec, const path& spec_field, field_errors&);

} // namespace actors::apiserver::registry::pod_template
