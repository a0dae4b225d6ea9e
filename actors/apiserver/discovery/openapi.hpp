// The OpenAPI documents: v2 as one, v3 per group and version. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "messages/codec/draft.hpp"

namespace actors::apiserver::discovery {

messages::codec::draft openapi_v2();

/// "api/v1", "apis/apps/v1", ...: the documents of v3.
std::vector<std::string> openapi_v3_names();
/// Null: no such document.
messages::codec::draft openapi_v3(std::string_view name);

} // namespace actors::apiserver::discovery
