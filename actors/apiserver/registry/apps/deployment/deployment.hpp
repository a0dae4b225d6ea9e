// Deployment, apps/v1.
#pragma once

#include "actors/apiserver/registry/kind.hpp"

namespace actors::apiserver::registry::apps::deployment {

kind describe();

} // namespace actors::apiserver::registry::apps::deployment
