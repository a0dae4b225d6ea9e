// Defaults of a Service and what an update carries over.
#pragma once

#include "actors/apiserver/registry/kind.hpp"

namespace actors::apiserver::registry::core::service {

void apply_defaults(draft& service);
void prepare_create(const change_context&, draft& service);
/// Carries over allocated addresses and ports that the client left out, and clears what a change of type
/// ends.
void prepare_update(const change_context&, draft& next, const draft& old);

} // namespace actors::apiserver::registry::core::service
