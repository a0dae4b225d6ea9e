// ReplicaSet, apps/v1.
#pragma once

#include "actors/apiserver/registry/kind.hpp"

namespace actors::apiserver::registry::apps::replicaset {

kind describe();

} // namespace actors::apiserver::registry::apps::replicaset
