// What we are and which API we serve.
#pragma once

#define TROUPE_VERSION "0.1.0"

namespace runtime::host {

constexpr const char* troupe_version = TROUPE_VERSION;
constexpr const char* api_version = "v1.36.0";

} // namespace runtime::host
