// Pods in a table.
#pragma once

#include "actors/apiserver/registry/kind.hpp"

namespace actors::apiserver::registry::core::pod {

std::vector<table_column> columns();
void cells(const draft& pod, int64_t now_seconds, std::vector<draft>& out);

} // namespace actors::apiserver::registry::core::pod
