#include <catch2/catch.hpp>

#include "actors/apiserver/http/call.hpp"
#include "actors/apiserver/http/url.hpp"

using actors::apiserver::http::indent_json;
using actors::apiserver::http::parse_url;

TEST_CASE("a target is split into decoded segments and parameters") {
  const auto target =
    parse_url("/api/v1//namespaces/a%2Fb/pods?labelSelector=a%3Db%2Cc&watch&limit=5&x=1+2&x=3");
  REQUIRE(target);
  CHECK(target->segments == std::vector<std::string>{"api", "v1", "namespaces", "a/b", "pods"});
  CHECK(target->get("labelSelector") == "a=b,c");
  CHECK(target->has("watch"));
  CHECK(target->get("watch").empty());
  CHECK(target->all("x") == std::vector<std::string_view>{"1 2", "3"});
  CHECK(parse_url("http://host:1/path?q=1")->segments == std::vector<std::string>{"path"});
  CHECK(parse_url("/")->segments.empty());
}

TEST_CASE("damaged targets are refused") {
  for (const auto target : {"", "x", "/%", "/%z1", "/a?b=%4", "*"})
    CHECK_FALSE(parse_url(target));
}

TEST_CASE("indented JSON says the same") {
  CHECK(indent_json(R"({"a":[1,{"b":"x,y:{"}],"c":{},"d":[]})") ==
        "{\n  \"a\": [\n    1,\n    {\n      \"b\": \"x,y:{\"\n    }\n  ],\n  \"c\": {},\n  \"d\": []\n}");
}
