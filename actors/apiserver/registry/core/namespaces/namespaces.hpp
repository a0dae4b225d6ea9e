// Namespace, v1.
#pragma once

#include "actors/apiserver/registry/kind.hpp"

namespace actors::apiserver::registry::core::namespaces {

kind describe();

} // namespace actors::apiserver::registry::core::namespaces
