#include <catch2/catch.hpp>

#include "actors/apiserver/http/body.hpp"

using namespace actors::apiserver::http;
using messages::codec::unknown_field_policy;

TEST_CASE("identity that is left out is that of the resource") {
  const auto& pod = *messages::codec::api_schema().find("v1", "Pod");
  const auto body = decode_body(pod, "", R"({"metadata":{"name":"a"}})", unknown_field_policy::strict);
  CHECK_FALSE(body.error);
  CHECK(body.value.get("kind").str() == "Pod");
  CHECK(body.value.get("apiVersion").str() == "v1");
}

TEST_CASE("a warning is one header line whatever the field is called") {
  CHECK(warning_header("unknown field \"a\r\nSet-Cookie: x\"") ==
        "299 - \"unknown field \\\"aSet-Cookie: x\\\"\"");
}
