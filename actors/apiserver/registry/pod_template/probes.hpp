// Probes and lifecycle hooks of a container.
#pragma once

#include "actors/apiserver/registry/field_error.hpp"

namespace actors::apiserver::registry::pod_template {

/// livenessProbe, readinessProbe, startupProbe and lifecycle of one container. `grace_period`: the pod's
/// terminationGracePeriodSeconds, or null when it has none.
void validate_probes(const draft& container, const draft& grace_period, const path&, field_errors&);
/// For containers that must not have any: each one that is set is `forbidden` with these words.
void forbid_probes(const draft& container, std::string_view words, const path&, field_errors&);

/// An int-or-string port: a number 1..65535 or an IANA service name.
void validate_port_or_name(const draft& port, const path&, field_errors&);

} // namespace actors::apiserver::registry::pod_template
