// get, list, tables, pieces, discovery and logs over real TLS.
#include <catch2/catch.hpp>

#include <fmt/format.h>

#include "messages/codec/json.hpp"
#include "tests/integration/apiserver/fake_port.hpp"

using namespace tests;
using messages::codec::draft;

namespace {

draft parse(const http_answer& answer) {
  auto parsed = messages::codec::parse_json(answer.body, {512, 64u << 20});
  REQUIRE(!parsed.error);
  return std::move(parsed.value);
}

constexpr std::string_view table_accept =
  "Accept: "
  "application/json;as=Table;v=v1;g=meta.k8s.io,application/"
  "json;as=Table;v=v1beta1;g=meta.k8s.io,application/json\r\n";

} // namespace

TEST_CASE("an object is read whole, as a table and as metadata; a missing one is a 404 in upstream's words") {
  served_api api;
  const auto revision = api.port->put(pod_json("default", "web", R"({"app":"web"})"));
  auto client = api.admin();
  auto answer = client.request("GET", "/api/v1/namespaces/default/pods/web");
  REQUIRE(answer.code == 200);
  CHECK(parse(answer).at({"metadata", "resourceVersion"}).str() == std::to_string(revision));
  answer = client.request("GET", "/api/v1/namespaces/default/pods/web", table_accept);
  const auto table = parse(answer);
  CHECK(table.get("kind").str() == "Table");
  CHECK(table.get("columnDefinitions").items().at(0).get("name").str() == "Name");
  CHECK(table.get("rows").items().at(0).get("cells").items().at(0).str() == "web");
  CHECK(table.get("rows").items().at(0).at({"object", "kind"}).str() == "PartialObjectMetadata");
  answer = client.request("GET", "/api/v1/namespaces/default/pods/web",
                          "Accept: application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1\r\n");
  CHECK(parse(answer).get("kind").str() == "PartialObjectMetadata");
  answer = client.request("GET", "/api/v1/namespaces/default/pods/none");
  CHECK(answer.code == 404);
  CHECK(parse(answer).get("message").str() == "pods \"none\" not found");
  CHECK(parse(answer).get("reason").str() == "NotFound");
  CHECK(client
          .request("GET", "/api/v1/namespaces/default/pods/web",
                   "Accept: application/vnd.kubernetes.protobuf,application/json\r\n")
          .code == 200);
  CHECK(client.request("GET", "/api/v1/namespaces/default/pods/web", "Accept: text/html\r\n").code == 406);
}

TEST_CASE("the list of custom resource definitions is there, empty, and cannot be written") {
  served_api api;
  auto client = api.admin();
  const std::string path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
  auto answer = client.request("GET", path);
  REQUIRE(answer.code == 200);
  CHECK(parse(answer).get("kind").str() == "CustomResourceDefinitionList");
  CHECK(parse(answer).get("items").items().empty());
  answer = client.request("GET", path + "/foos.example.com");
  CHECK(answer.code == 404);
  CHECK(parse(answer).get("message").str() == "customresourcedefinitions.apiextensions.k8s.io \"foos.example.com\" not found");
  CHECK(client.request("POST", path, "", "{}").code == 405);
  CHECK(client.request("GET", path + "?watch=true").code == 405);
  CHECK(client.request("GET", "/apis/apiextensions.k8s.io/v1").code == 404); // discovery does not name them
}

TEST_CASE("a read without resourceVersion waits for the store, one with 0 does not") {
  served_api api;
  auto client = api.admin();
  const auto before = api.port->barriers_.load();
  CHECK(client.request("GET", "/api/v1/pods").code == 200);
  CHECK(api.port->barriers_ == before + 1);
  CHECK(client.request("GET", "/api/v1/pods?resourceVersion=0").code == 200);
  CHECK(api.port->barriers_ == before + 1);
  const auto future = client.request("GET", "/api/v1/pods?resourceVersion=999999");
  CHECK(future.code == 504);
  CHECK(parse(future).get("message").str() == "Timeout: Too large resource version: 999999, current: 100");
  api.port->barrier_works_ = false;
  CHECK(client.request("GET", "/api/v1/pods").code == 504);
  api.port->fresh_ = true; // nobody is asked
  CHECK(client.request("GET", "/api/v1/pods").code == 200);
}

TEST_CASE("lists obey namespaces and selectors") {
  served_api api;
  for (int i = 0; i < 10; ++i)
    api.port->put(pod_json(i % 2 == 0 ? "even" : "odd", fmt::format("pod-{}", i),
                           fmt::format(R"({{"number":"{}"}})", i), i < 3 ? "node-a" : "node-b"));
  auto client = api.admin();
  const auto count = [&](std::string_view target) {
    return parse(client.request("GET", target)).get("items").size();
  };
  CHECK(count("/api/v1/pods") == 10);
  CHECK(count("/api/v1/namespaces/even/pods") == 5);
  CHECK(count("/api/v1/namespaces/eve/pods") == 0);
  CHECK(count("/api/v1/pods?labelSelector=number%20in%20(1,2,3)") == 3);
  CHECK(count("/api/v1/pods?fieldSelector=spec.nodeName%3Dnode-a") == 3);
  CHECK(count("/api/v1/namespaces/even/pods?fieldSelector=metadata.name%3Dpod-4") == 1);
  CHECK(client.request("GET", "/api/v1/pods?labelSelector=%3D%3D").code == 400);
  CHECK(client.request("GET", "/api/v1/pods?fieldSelector=spec.nothing%3Da").code == 400);
  CHECK(client.request("GET", "/api/v1/pods?limit=x").code == 400);
  CHECK(client.request("GET", "/api/v1/pods?resourceVersionMatch=Exact").code == 422);
  CHECK(client.request("GET", "/api/v1/pods?resourceVersion=-4").code == 422);
}

TEST_CASE("a list in pieces is one snapshot, whatever happens in between") {
  served_api api;
  for (int i = 0; i < 25; ++i)
    api.port->put(pod_json("default", fmt::format("pod-{:02}", i)));
  auto client = api.admin();
  std::string token, first_revision;
  std::vector<std::string> names;
  for (int piece = 0; piece < 3; ++piece) {
    const auto list = parse(client.request(
      "GET", "/api/v1/namespaces/default/pods?limit=10" + (token.empty() ? "" : "&continue=" + token)));
    for (const auto& item : list.get("items").items())
      names.emplace_back(item.at({"metadata", "name"}).str());
    token = list.at({"metadata", "continue"}).str();
    if (piece == 0) {
      first_revision = list.at({"metadata", "resourceVersion"}).str();
      CHECK(list.at({"metadata", "remainingItemCount"}).integer() == 15);
    }
    CHECK(list.at({"metadata", "resourceVersion"}).str() == first_revision);
    api.port->put(pod_json("default", fmt::format("pod-{:02}-late", piece * 10 + 5)));
  }
  CHECK(token.empty());
  CHECK(names.size() == 25);
  CHECK(std::none_of(names.begin(), names.end(), [](auto& name) { return name.ends_with("late"); }));
  CHECK(client.request("GET", "/api/v1/pods?limit=1&continue=nonsense").code == 400);
}

TEST_CASE("a token goes on at its revision as long as the history reaches; then 410 with a token to go on with") {
  served_api api;
  for (int i = 0; i < 5; ++i)
    api.port->put(pod_json("default", fmt::format("pod-{}", i)));
  auto client = api.admin();
  const auto oldest = std::string{parse(client.request("GET", "/api/v1/pods?limit=2")).at({"metadata", "continue"}).str()};
  for (int i = 0; i < 70; ++i) { // more snapshots than are kept
    client.request("GET", "/api/v1/pods?limit=2");
    api.port->put(pod_json("default", fmt::format("more-{}", i)));
  }
  const auto page = parse(client.request("GET", "/api/v1/pods?limit=10&continue=" + oldest));
  CHECK(page.get("items").size() == 3); // none of those that came later
  api.port->reload("/pods/", api.port->put(pod_json("default", "last")));
  const auto answer = client.request("GET", "/api/v1/pods?limit=2&continue=" + oldest);
  CHECK(answer.code == 410);
  const auto status = parse(answer);
  CHECK(status.get("reason").str() == "Expired");
  const std::string again{status.at({"metadata", "continue"}).str()};
  REQUIRE(!again.empty());
  CHECK(client.request("GET", "/api/v1/pods?limit=2&continue=" + again).code == 200);
}

TEST_CASE("large lists are streamed and complete") {
  served_api api;
  const std::string filler(2'000, 'x');
  for (int i = 0; i < 400; ++i)
    api.port->put(
      pod_json("default", fmt::format("pod-{:03}", i), fmt::format(R"({{"filler":"{}"}})", filler)));
  auto client = api.admin();
  const auto answer = client.request("GET", "/api/v1/pods");
  CHECK(answer.header("transfer-encoding") == "chunked");
  CHECK(parse(answer).get("items").size() == 400);
  CHECK(client.request("GET", "/livez").code == 200); // the connection goes on
  CHECK(parse(client.request("GET", "/api/v1/pods", table_accept)).get("rows").size() == 400);
}

TEST_CASE("events in their newer form are the same objects") {
  served_api api;
  api.port->put(
    R"({"apiVersion":"v1","kind":"Event","metadata":{"name":"e","namespace":"default"},"reason":"Started","message":"hello",
                   "involvedObject":{"kind":"Pod","name":"web","namespace":"default"},"type":"Normal"})");
  auto client = api.admin();
  const auto event = parse(client.request("GET", "/apis/events.k8s.io/v1/namespaces/default/events/e"));
  CHECK(event.get("apiVersion").str() == "events.k8s.io/v1");
  CHECK(event.get("note").str() == "hello");
  CHECK(event.at({"regarding", "name"}).str() == "web");
  CHECK(parse(client.request("GET", "/apis/events.k8s.io/v1/events"))
          .get("items")
          .items()
          .at(0)
          .get("note")
          .str() == "hello");
}

TEST_CASE("scale is read from the object") {
  served_api api;
  const auto revision = api.port->put(
    R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"d","namespace":"default"},
    "spec":{"replicas":3,"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"i"}]}}}})");
  const auto scale =
    parse(api.admin().request("GET", "/apis/apps/v1/namespaces/default/deployments/d/scale"));
  CHECK(scale.get("kind").str() == "Scale");
  CHECK(scale.at({"spec", "replicas"}).integer() == 3);
  CHECK(scale.at({"metadata", "resourceVersion"}).str() == std::to_string(revision));
}

TEST_CASE("discovery and OpenAPI are served in every form that clients ask for") {
  served_api api;
  auto client = api.admin();
  for (const auto target : {"/", "/api", "/apis", "/api/v1", "/apis/apps", "/apis/apps/v1", "/version",
                            "/openapi/v2", "/openapi/v3", "/openapi/v3/api/v1"}) {
    INFO(target);
    CHECK(client.request("GET", target).code == 200);
  }
  const auto aggregated = client.request(
    "GET", "/apis",
    "Accept: application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json\r\n");
  CHECK(parse(aggregated).get("kind").str() == "APIGroupDiscoveryList");
  CHECK(aggregated.header("content-type") ==
        "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList");
  const auto protobuf = client.request(
    "GET", "/openapi/v2", "Accept: application/com.github.proto-openapi.spec.v2@v1.0+protobuf\r\n");
  CHECK(protobuf.code == 200);
  CHECK(protobuf.body.substr(0, 5) == std::string{"\x0a\x03"} + "2.0");
  const auto etag = client.request("GET", "/openapi/v3/api/v1").header("etag");
  CHECK(client.request("GET", "/openapi/v3/api/v1", "If-None-Match: " + etag + "\r\n").code == 304);
  CHECK(client.request("GET", "/apis/nothing.io").code == 404);
  CHECK(client.request("GET", "/openapi/v3/apis/nothing.io/v1").code == 404);
}

TEST_CASE("health says what is missing") {
  served_api api;
  auto client = api.anonymous();
  CHECK(client.request("GET", "/readyz").body == "ok");
  api.port->ready_ = false;
  const auto answer = client.request("GET", "/readyz");
  CHECK(answer.code == 500);
  CHECK(answer.body.find("[-]informer-sync failed") != std::string::npos);
  CHECK(client.request("GET", "/livez?verbose").body == "[+]ping ok\nlivez check passed\n");
  CHECK(client.request("GET", "/readyz?exclude=informer-sync").code == 200);
}

TEST_CASE("logs come piece by piece, and follow goes on until the container has ended") {
  served_api api;
  api.port->put(pod_json("default", "web", "{}", "node-a"));
  api.port->on_log_ =
    [calls = std::make_shared<int>(0)](const runtime::protocols::kubelet::ReadLogRequestT& request) {
      runtime::protocols::kubelet::ReadLogReplyT reply;
      reply.code = 200;
      const int at = request.position.empty() ? 0 : std::stoi(request.position);
      const std::string text = at < 3 ? fmt::format("line {}\n", at) : "";
      reply.data.assign(text.begin(), text.end());
      reply.position = std::to_string(at < 3 ? at + 1 : at);
      reply.at_end = at >= 1;
      reply.closed = at >= 3 && ++*calls > 2;
      return reply;
    };
  auto client = api.admin();
  CHECK(client.request("GET", "/api/v1/namespaces/default/pods/web/log").body == "line 0\nline 1\n");
  CHECK(client.request("GET", "/api/v1/namespaces/default/pods/web/log?follow=true").body ==
        "line 0\nline 1\nline 2\n");
  const auto wrong = client.request("GET", "/api/v1/namespaces/default/pods/web/log?container=x");
  CHECK(wrong.code == 400);
  CHECK(parse(wrong).get("message").str() == "container x is not valid for pod web");
  CHECK(client.request("GET", "/api/v1/namespaces/default/pods/web/log?tailLines=-1").code == 422);
  CHECK(client.request("GET", "/api/v1/namespaces/default/pods/none/log").code == 404);
  CHECK(client.request("POST", "/api/v1/namespaces/default/pods/web/exec").code == 501);
}
