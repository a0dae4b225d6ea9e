// The paths of OpenAPI documents: which verbs each resource has and which parameters they take. Pure.
#pragma once

#include "actors/apiserver/discovery/definitions.hpp"

namespace actors::apiserver::discovery {

/// The paths of the kinds, sorted.
draft make_paths(dialect form, const std::vector<const registry::kind*>& kinds);

} // namespace actors::apiserver::discovery
