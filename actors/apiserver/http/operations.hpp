// What is served beside the API, for people and their tools: /metrics, the web page /ui/, and the JSON behind it,
// /troupe/v1/... Who may use what is decided here too, since RBAC has no rules for these paths.
#pragma once

#include "actors/apiserver/http/call.hpp"

namespace actors::apiserver::http {

/// Whether the path is one of these.
bool is_operation(const url& target);
bool may_operate(const call& item);
/// Sends the answer.
void serve_operation(const call_ptr& item);

} // namespace actors::apiserver::http
