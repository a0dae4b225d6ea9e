// create, update, patch and delete as the write chain gets them, and every way to get a body wrong.
#include <catch2/catch.hpp>

#include "messages/codec/json.hpp"
#include "tests/integration/apiserver/fake_port.hpp"

using namespace tests;
namespace protocol = runtime::protocols::apiserver;

namespace {

constexpr std::string_view json_type = "Content-Type: application/json\r\n";

std::string message_of(const http_answer& answer) {
  const auto parsed = messages::codec::parse_json(answer.body);
  REQUIRE(!parsed.error);
  return std::string{parsed.value.get("message").str()};
}

} // namespace

TEST_CASE("what is created is answered with its revision and can be read") {
  served_api api;
  auto client = api.admin();
  const auto answer = client.request("POST", "/api/v1/namespaces/default/configmaps?fieldManager=me",
                                     json_type, R"({"metadata":{"name":"a"},"data":{"k":"v"}})");
  REQUIRE(answer.code == 201);
  CHECK(answer.body.find("\"resourceVersion\":\"101\"") != std::string::npos);
  const auto writes = api.port->writes();
  REQUIRE(writes.size() == 1);
  CHECK(writes[0].identity->user == "kubernetes-admin");
  CHECK(writes[0].identity->groups == std::vector<std::string>{"system:masters", "system:authenticated"});
  CHECK(writes[0].target->namespace_name == "default");
  CHECK(writes[0].options->field_manager == "me");
  const auto again = client.request("POST", "/api/v1/namespaces/default/configmaps", json_type,
                                    R"({"metadata":{"name":"a"}})");
  CHECK(again.code == 409);
  CHECK(message_of(again) == "configmaps \"a\" already exists");
}

TEST_CASE("bodies that are wrong are refused in the API's words") {
  served_api api;
  struct wrong {
    std::string_view headers, body;
    int code;
    std::string_view says;
  };
  const std::vector<wrong> cases = {
    {json_type, "{", 400, "couldn't get version/kind; json parse error"},
    {json_type, "", 400, "json parse error"},
    {json_type, "[]", 400, "must be of type Pod"},
    {json_type, "null", 400, "must be of type Pod"},
    {json_type, R"({"kind":"Service","apiVersion":"v1"})", 400,
     "Service in version \"v1\" cannot be handled as a Pod"},
    {json_type, R"({"kind":"Pod","apiVersion":"apps/v1"})", 400,
     "the API version in the data (apps/v1) does not match the expected API version (v1)"},
    {json_type, R"({"kind":7})", 400, ""},
    {json_type, R"({"spec":{"containers":"x"}})", 400, "json: cannot unmarshal string into Go struct field"},
    {json_type, R"({"spec":[]})", 400, "json: cannot unmarshal array"},
    {"Content-Type: application/yaml\r\n", "a: b", 415, "the body of the request was in an unknown format"},
    {"Content-Type: text/plain\r\n", "{}", 415, "the body of the request was in an unknown format"},
    {"Content-Type: application/vnd.kubernetes.protobuf\r\n", "k8s", 400, "damaged"},
    {"Content-Type: application/vnd.kubernetes.protobuf\r\n", "\x6b\x38\x73\x7f\x7f\x7f", 400, "damaged"},
  };
  auto client = api.admin();
  for (const auto& item : cases) {
    INFO(item.body);
    const auto answer = client.request("POST", "/api/v1/namespaces/default/pods", item.headers, item.body);
    CHECK(answer.code == item.code);
    CHECK(message_of(answer).find(item.says) != std::string::npos);
  }
  CHECK(api.port->writes().empty());
}

TEST_CASE("unknown and duplicate fields: refused, warned about or ignored, as asked") {
  served_api api;
  auto client = api.admin();
  const std::string_view body = R"({"metadata":{"name":"a"},"nonsense":1,"data":{"a":"b"},"data":{"c":"d"}})";
  const std::string root = "/api/v1/namespaces/default/configmaps";
  const auto strict = client.request("POST", root + "?fieldValidation=Strict", json_type, body);
  CHECK(strict.code == 400);
  CHECK(message_of(strict).find("strict decoding error: ") != std::string::npos);
  CHECK(message_of(strict).find("unknown field \"nonsense\"") != std::string::npos);
  const auto warned = client.request("POST", root, json_type, body);
  CHECK(warned.code == 201);
  CHECK(warned.head.find("Warning: 299 - \"unknown field \\\"nonsense\\\"\"") != std::string::npos);
  const auto ignored = client.request("PUT", root + "/a?fieldValidation=Ignore", json_type, body);
  CHECK(ignored.code == 200);
  CHECK(ignored.header("warning").empty());
  CHECK(client.request("POST", root + "?fieldValidation=Maybe", json_type, body).code == 422);
  CHECK(client.request("POST", root + "?dryRun=Some", json_type, body).code == 422);
  const auto patch = client.request("PATCH", root + "/a?fieldValidation=Strict",
                                    "Content-Type: application/strategic-merge-patch+json\r\n",
                                    R"({"nonsense":1,"$patch":"merge"})");
  CHECK(patch.code == 422);
  CHECK(message_of(patch).find("strict decoding error: unknown field \"nonsense\"") != std::string::npos);
}

TEST_CASE("patches and deletions reach the chain with their options") {
  served_api api;
  auto client = api.admin();
  const std::string pod = "/api/v1/namespaces/default/pods/web";
  CHECK(client
          .request("PATCH", pod, "Content-Type: application/merge-patch+json\r\n",
                   R"({"metadata":{"labels":{"a":null}}})")
          .code == 200);
  CHECK(client.request("PATCH", pod, "Content-Type: application/apply-patch+yaml\r\n", "{}").code == 415);
  CHECK(client.request("PATCH", pod, json_type, "{}").code == 415);
  CHECK(
    client
      .request(
        "DELETE", pod + "?gracePeriodSeconds=5", json_type,
        R"({"kind":"DeleteOptions","apiVersion":"v1","gracePeriodSeconds":0,"propagationPolicy":"Foreground","preconditions":{"uid":"u"},"dryRun":["All"]})")
      .code == 200);
  CHECK(client.request("DELETE", "/api/v1/namespaces/default/pods?labelSelector=a%3Db").code == 200);
  CHECK(client.request("DELETE", pod + "?propagationPolicy=Maybe").code == 422);
  CHECK(client.request("DELETE", pod, json_type, "{").code == 400);
  const auto writes = api.port->writes();
  REQUIRE(writes.size() == 3);
  CHECK(writes[0].patch_kind == protocol::PatchKind::merge);
  CHECK(writes[0].patch == R"({"metadata":{"labels":{"a":null}}})");
  CHECK(writes[1].verb == protocol::Verb::delete_one);
  CHECK(writes[1].options->grace_period_seconds == flatbuffers::Optional<int64_t>{0});
  CHECK(writes[1].options->propagation_policy == "Foreground");
  CHECK(writes[1].options->precondition_uid == "u");
  CHECK(writes[1].options->dry_run);
  CHECK(writes[2].verb == protocol::Verb::delete_collection);
  CHECK(writes[2].label_selector == "a=b");
}

TEST_CASE("what is not served is 404 or 405, never silence") {
  served_api api;
  auto client = api.admin();
  const std::vector<std::tuple<std::string, std::string, int>> cases = {
    {"GET", "/nothing", 404},
    {"GET", "/api/v2/pods", 404},
    {"GET", "/api/v1/unicorns", 404},
    {"GET", "/apis/apps/v2/deployments", 404},
    {"GET", "/api/v1/pods/web", 404},
    {"GET", "/api/v1/namespaces/default/nodes", 404},
    {"GET", "/api/v1/namespaces/default/pods/web/nothing", 404},
    {"GET", "/api/v1/namespaces/default/pods/web/log/more", 404},
    {"POST", "/api/v1/pods", 405},
    {"POST", "/api/v1/namespaces/default/pods/web", 405},
    {"PUT", "/api/v1/namespaces/default/pods", 405},
    {"PATCH", "/api/v1/namespaces/default/pods", 405},
    {"DELETE", "/api/v1/namespaces", 405},
    {"BREW", "/api/v1/namespaces/default/pods/web", 405},
    {"POST", "/version", 405},
    {"PUT", "/api", 405},
    {"GET", "/api/v1/namespaces/default/pods/web/binding", 405},
  };
  for (const auto& [method, target, code] : cases) {
    INFO(method + " " + target);
    const auto answer = client.request(method, target);
    CHECK(answer.code == code);
    CHECK(answer.body.find("\"kind\":\"Status\"") != std::string::npos);
  }
}
