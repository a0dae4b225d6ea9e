#include <catch2/catch.hpp>

#include "actors/apiserver/http/protobuf/decode.hpp"
#include "actors/apiserver/http/protobuf/field_numbers.hpp"
#include "actors/apiserver/http/protobuf/wire.hpp"
#include "messages/codec/codec.hpp"

using namespace actors::apiserver::http::protobuf;

namespace {

std::string bytes(uint32_t number, std::string_view content) {
  std::string out;
  append_bytes(number, content, out);
  return out;
}
std::string integer(uint32_t number, uint64_t value) {
  std::string out;
  append_integer(number, value, out);
  return out;
}

/// A deployment as Go's protobuf writes it, zero values of structs included.
std::string deployment() {
  const auto labels = bytes(1, "app") + bytes(2, "web");
  const auto container = bytes(1, "main") + bytes(2, "busybox") + bytes(5, "") +
                         bytes(8, bytes(1, bytes(1, "cpu") + bytes(2, bytes(1, "500m")))) +
                         bytes(6, bytes(1, "") + integer(2, 0) + integer(3, 80) + bytes(4, ""));
  const auto volume = bytes(1, "v") + bytes(2, bytes(2, bytes(1, "")));
  const auto pod_spec = bytes(1, volume) + bytes(2, container) + integer(4, 0);
  const auto pod_template = bytes(1, bytes(1, "") + bytes(8, "") + bytes(11, labels)) + bytes(2, pod_spec);
  const auto strategy =
    bytes(1, "RollingUpdate") + bytes(2, bytes(1, integer(1, 1) + integer(2, 0) + bytes(3, "25%")) +
                                           bytes(2, integer(1, 0) + integer(2, 1) + bytes(3, "")));
  const auto spec = integer(1, 3) + bytes(2, bytes(1, labels)) + bytes(3, pod_template) + bytes(4, strategy) +
                    integer(5, 0) + integer(7, 0);
  return bytes(1, bytes(1, "web") + bytes(3, "default") + bytes(8, "")) + bytes(2, spec) +
         bytes(3, integer(1, 0));
}

} // namespace

TEST_CASE("a message becomes the draft that its JSON would become") {
  const auto& type = *messages::codec::api_schema().find("apps/v1", "Deployment");
  const auto body =
    std::string("k8s\0", 4) + bytes(1, bytes(1, "apps/v1") + bytes(2, "Deployment")) + bytes(2, deployment());
  const auto opened = open_envelope(body);
  REQUIRE(opened);
  CHECK(opened->api_version == "apps/v1");
  CHECK(opened->kind == "Deployment");
  const auto value = decode(type, opened->raw);
  REQUIRE(value);
  const auto expected =
    messages::codec::parse_json(R"({"metadata":{"name":"web","namespace":"default"},"spec":{"replicas":3,
    "selector":{"matchLabels":{"app":"web"}},"template":{"metadata":{"labels":{"app":"web"}},
    "spec":{"volumes":[{"name":"v","emptyDir":{}}],"containers":[{"name":"main","image":"busybox",
      "resources":{"limits":{"cpu":"500m"}},"ports":[{"containerPort":80}]}],"terminationGracePeriodSeconds":0}},
    "strategy":{"type":"RollingUpdate","rollingUpdate":{"maxUnavailable":"25%","maxSurge":1}}}})");
  CHECK(messages::codec::to_json(*value).size() == messages::codec::to_json(expected.value).size());
  CHECK(*value == expected.value);
}

TEST_CASE("damaged messages are refused, wherever they are cut") {
  const auto& type = *messages::codec::api_schema().find("apps/v1", "Deployment");
  const auto whole = deployment();
  size_t refused = 0;
  for (size_t size = 1; size < whole.size(); ++size)
    refused += !decode(type, std::string_view{whole}.substr(0, size));
  CHECK(refused > whole.size() / 2);
  for (size_t at = 0; at < whole.size(); ++at) {
    auto changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ 0xff);
    (void)decode(type, changed); // any answer, but no crash
  }
  CHECK_FALSE(open_envelope("k8s"));
  CHECK_FALSE(open_envelope("{}"));
}

TEST_CASE("every kind of Kubernetes that is served has a layout") {
  for (const auto* kind : messages::codec::api_schema().kinds()) {
    INFO(kind->full_name());
    if (kind->group() == "troupe.dev")
      continue; // clients have no protobuf messages for it, as for any custom resource: they write JSON
    CHECK(layout_of(*kind) != nullptr);
  }
}
