// Lease, coordination.k8s.io/v1.
#pragma once

#include "actors/apiserver/registry/kind.hpp"

namespace actors::apiserver::registry::coordination::lease {

kind describe();

} // namespace actors::apiserver::registry::coordination::lease
