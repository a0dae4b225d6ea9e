// Defaults that a Pod has beyond those of its spec.
#pragma once

#include "messages/codec/draft.hpp"

namespace actors::apiserver::registry::core::pod {

void apply_defaults(messages::codec::draft& pod);

} // namespace actors::apiserver::registry::core::pod
