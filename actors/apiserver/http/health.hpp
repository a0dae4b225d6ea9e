// /healthz, /livez, /readyz and /version.
#pragma once

#include "actors/apiserver/http/call.hpp"

namespace actors::apiserver::http {

/// False: the path is none of these.
bool serve_health(const call_ptr& item);

} // namespace actors::apiserver::http
