// Host, troupe.dev/v1.
#pragma once

#include "actors/apiserver/registry/kind.hpp"

namespace actors::apiserver::registry::troupe::host {

kind describe();

} // namespace actors::apiserver::registry::troupe::host
