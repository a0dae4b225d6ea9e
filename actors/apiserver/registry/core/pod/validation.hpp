// Validation of a Pod on create, update and status update.
#pragma once

#include "actors/apiserver/registry/field_error.hpp"

namespace actors::apiserver::registry::core::pod {

void validate(const draft& pod, field_errors&);
void validate_update(const draft& next, const draft& old, field_errors&);
void validate_status_update(const draft& next, const draft& old, field_errors&);

} // namespace actors::apiserver::registry::core::pod
