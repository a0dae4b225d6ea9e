// From what a placement file says about supervision to what supervisors are given. Pure.
#pragma once

#include "runtime/placement/supervision.hpp"
#include "runtime/supervision/supervisor.hpp"

namespace runtime::host {

/// What the file leaves out stays as it is.
void apply(const placement::role_supervision& given, supervision::child_spec& child);
void apply(const placement::group_supervisions& given, std::string_view group,
           supervision::supervisor_spec& supervisor);

} // namespace runtime::host
