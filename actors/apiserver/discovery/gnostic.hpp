// The OpenAPI v2 document in protobuf (gnostic's openapi.v2.Document), which is the only form that older
// clients read. Pure.
#pragma once

#include <string>
#include <string_view>

#include "messages/codec/draft.hpp"

namespace actors::apiserver::discovery {

constexpr std::string_view gnostic_v2_type = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";
/// What the answer is called: an @ is not allowed in a media type, and clients refuse it there.
constexpr std::string_view gnostic_v2_answer_type =
  "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

/// `document`: what openapi_v2() makes.
std::string encode_gnostic_v2(const messages::codec::draft& document);

} // namespace actors::apiserver::discovery
