// Placement, troupe.dev/v1.
#pragma once

#include "actors/apiserver/registry/kind.hpp"

namespace actors::apiserver::registry::troupe::placement {

kind describe();

} // namespace actors::apiserver::registry::troupe::placement
