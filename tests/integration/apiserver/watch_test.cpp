// Watches over real TLS: order, selectors, bookmarks, expiry, many at once.
#include <catch2/catch.hpp>

#include <fmt/format.h>

#include "messages/codec/json.hpp"
#include "tests/integration/apiserver/fake_port.hpp"

using namespace tests;
using messages::codec::draft;

namespace {

draft event_of(const std::string& line) {
  auto parsed = messages::codec::parse_json(line);
  REQUIRE(!parsed.error);
  return std::move(parsed.value);
}

std::string brief(const draft& event) {
  return fmt::format("{} {}", event.get("type").str(), event.at({"object", "metadata", "name"}).str());
}
std::string next(https_client& client) {
  const auto line = client.line();
  return line.empty() ? std::string{"nothing"} : brief(event_of(line));
}

} // namespace

TEST_CASE("a watch gives the present state, then every change in order") {
  served_api api;
  api.port->put(pod_json("default", "a"));
  api.port->put(pod_json("default", "b"));
  auto client = api.admin();
  REQUIRE(client.begin_stream("/api/v1/namespaces/default/pods?watch=true").code == 200);
  CHECK(next(client) == "ADDED a");
  CHECK(next(client) == "ADDED b");
  api.port->put(pod_json("default", "c"));
  api.port->put(pod_json("other", "elsewhere"));
  api.port->put(pod_json("default", "a", R"({"x":"y"})"));
  const auto deleted = api.port->erase("/pods/default/b");
  CHECK(next(client) == "ADDED c");
  CHECK(next(client) == "MODIFIED a");
  const auto event = event_of(client.line());
  CHECK(brief(event) == "DELETED b");
  CHECK(event.at({"object", "metadata", "resourceVersion"}).str() == std::to_string(deleted));
}

TEST_CASE("a watch from a revision gives what came after it") {
  served_api api;
  const auto first = api.port->put(pod_json("default", "a"));
  api.port->put(pod_json("default", "b"));
  auto client = api.admin();
  REQUIRE(client.begin_stream(fmt::format("/api/v1/pods?watch=1&resourceVersion={}", first)).code == 200);
  CHECK(next(client) == "ADDED b");
}

TEST_CASE("with a selector, entering and leaving the selection are ADDED and DELETED") {
  served_api api;
  auto client = api.admin();
  REQUIRE(client.begin_stream("/api/v1/pods?watch=1&labelSelector=color%3Dred").code == 200);
  api.port->put(pod_json("default", "a", R"({"color":"blue"})"));
  api.port->put(pod_json("default", "a", R"({"color":"red"})"));
  api.port->put(pod_json("default", "a", R"({"color":"red","more":"1"})"));
  api.port->put(pod_json("default", "a", R"({"color":"green"})"));
  api.port->erase("/pods/default/a");
  api.port->put(pod_json("default", "b", R"({"color":"red"})"));
  CHECK(next(client) == "ADDED a");
  CHECK(next(client) == "MODIFIED a");
  const auto left = event_of(client.line());
  CHECK(brief(left) == "DELETED a");
  CHECK(left.at({"object", "metadata", "labels", "color"}).str() == "red");
  CHECK(next(client) == "ADDED b");
}

TEST_CASE("a revision that the history no longer has is a 410 event, and the stream ends in order") {
  served_api api;
  api.port->put(pod_json("default", "a"));
  api.port->reload("/pods/", 101);
  auto client = api.admin();
  REQUIRE(client.begin_stream("/api/v1/pods?watch=1&resourceVersion=50").code == 200);
  const auto event = event_of(client.line());
  CHECK(event.get("type").str() == "ERROR");
  CHECK(event.at({"object", "code"}).integer() == 410);
  CHECK(event.at({"object", "reason"}).str() == "Expired");
  CHECK(client.line(1).empty());
  CHECK(client.request("GET", "/livez").code == 200); // the connection can be used again
}

TEST_CASE("a watch whose position is lost while it waits is told so at once") {
  served_api api;
  const auto revision = api.port->put(pod_json("default", "a"));
  auto client = api.admin();
  REQUIRE(client.begin_stream(fmt::format("/api/v1/pods?watch=1&resourceVersion={}", revision)).code == 200);
  api.port->reload("/pods/", revision + 10);
  CHECK(event_of(client.line()).get("type").str() == "ERROR");
}

TEST_CASE("bookmarks: at the end of the time, and after the initial events") {
  served_api api;
  api.port->put(pod_json("default", "a"));
  auto client = api.admin();
  REQUIRE(client
            .begin_stream("/api/v1/"
                          "pods?watch=1&allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch="
                          "NotOlderThan&timeoutSeconds=1")
            .code == 200);
  CHECK(next(client) == "ADDED a");
  const auto initial = event_of(client.line());
  CHECK(initial.get("type").str() == "BOOKMARK");
  CHECK(initial.at({"object", "metadata", "annotations", "k8s.io/initial-events-end"}).str() == "true");
  CHECK(initial.at({"object", "kind"}).str() == "Pod");
  const auto last = event_of(client.line());
  CHECK(last.get("type").str() == "BOOKMARK");
  CHECK(last.at({"object", "metadata", "resourceVersion"}).str() == "101");
  CHECK(client.line(2).empty());
  CHECK(api.admin().request("GET", "/api/v1/pods?watch=1&sendInitialEvents=true").code == 422);
}

TEST_CASE("tables over watch carry the columns once") {
  served_api api;
  auto client = api.admin();
  REQUIRE(
    client.begin_stream("/api/v1/pods?watch=1", "Accept: application/json;as=Table;v=v1;g=meta.k8s.io\r\n")
      .code == 200);
  api.port->put(pod_json("default", "a"));
  api.port->put(pod_json("default", "b"));
  const auto first = event_of(client.line());
  CHECK(first.at({"object", "kind"}).str() == "Table");
  CHECK(first.at({"object", "columnDefinitions"}).size() > 3);
  CHECK(first.at({"object", "rows"}).items().at(0).get("cells").items().at(0).str() == "a");
  const auto second = event_of(client.line());
  CHECK(second.at({"object", "columnDefinitions"}).size() == 0);
}

TEST_CASE("a thousand changes under a slow reader arrive complete and in order") {
  served_api api;
  auto client = api.admin();
  REQUIRE(client.begin_stream("/api/v1/pods?watch=1").code == 200);
  for (int i = 0; i < 1'000; ++i)
    api.port->put(pod_json("default", fmt::format("pod-{}", i),
                           fmt::format(R"({{"filler":"{}"}})", std::string(500, 'x'))));
  for (int i = 0; i < 1'000; ++i)
    REQUIRE(next(client) == fmt::format("ADDED pod-{}", i));
}

TEST_CASE("many watchers all hear of a change, and leave nothing behind when they go") {
  served_api api;
  std::vector<std::unique_ptr<https_client>> clients;
  for (int i = 0; i < 150; ++i) {
    clients.push_back(std::make_unique<https_client>(api.server->port(), api.data / "pki" / "admin.crt",
                                                     api.data / "pki" / "admin.key"));
    REQUIRE(clients.back()->begin_stream("/api/v1/pods?watch=1").code == 200);
  }
  api.port->put(pod_json("default", "a"));
  for (auto& client : clients)
    REQUIRE(next(*client) == "ADDED a");
  CHECK(api.server->connections() == 150);
  clients.clear();
  for (int i = 0; i < 200 && api.server->connections() > 0; ++i)
    api.anonymous().request("GET", "/livez");
  CHECK(api.server->connections() <= 1);
}
