// What the server makes of a Pod.
#pragma once

#include <optional>

#include "actors/apiserver/registry/kind.hpp"

namespace actors::apiserver::registry::core::pod {

void prepare_create(const change_context&, draft& pod);
void prepare_update(const change_context&, draft& next, const draft& old);
void prepare_status_update(const change_context&, draft& next, const draft& old);
int64_t grace_seconds(const draft& pod, std::optional<int64_t> asked);

} // namespace actors::apiserver::registry::core::pod
