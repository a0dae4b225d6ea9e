// ServiceAccount, v1.
#pragma once

#include "actors/apiserver/registry/kind.hpp"

namespace actors::apiserver::registry::core::serviceaccount {

kind describe();

} // namespace actors::apiserver::registry::core::serviceaccount
