// Validation of a Service.
#pragma once

#include "actors/apiserver/registry/field_error.hpp"

namespace actors::apiserver::registry::core::service {

void validate(const draft& service, field_errors&);
void validate_update(const draft& next, const draft& old, field_errors&);
void validate_status_update(const draft& next, const draft& old, field_errors&);

} // namespace actors::apiserver::registry::core::service
