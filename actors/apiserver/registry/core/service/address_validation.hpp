// Validation of a Service's cluster addresses and IP families.
#pragma once

#include "actors/apiserver/registry/field_error.hpp"

namespace actors::apiserver::registry::core::service {

void validate_addresses(const draft& service, field_errors&);
/// The first cluster address never changes while the Service has one.
void validate_address_update(const draft& next, const draft& old, field_errors&);

} // namespace actors::apiserver::registry::core::service
