// What we are and which API we serve.
#pragma once

namespace runtime::host {

constexpr const char* troupe_version = "0.1.0";
constexpr const char* api_version = "v1.36.0";

} // namespace runtime::host
