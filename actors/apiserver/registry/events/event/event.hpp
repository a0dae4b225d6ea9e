// Event, events.k8s.io/v1: the newer form of what is stored as core v1 Event.
#pragma once

#include "actors/apiserver/registry/kind.hpp"

namespace actors::apiserver::registry::events::event {

kind describe();

void to_stored(draft& event);
void from_stored(draft& event);

} // namespace actors::apiserver::registry::events::event
