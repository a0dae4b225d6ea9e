// EndpointSlice, discovery.k8s.io/v1.
#pragma once

#include "actors/apiserver/registry/kind.hpp"

namespace actors::apiserver::registry::discovery::endpointslice {

kind describe();

} // namespace actors::apiserver::registry::discovery::endpointslice
