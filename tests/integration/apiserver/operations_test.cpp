// /metrics, the web page and what is behind its buttons: what they answer, and to whom.
#include <catch2/catch.hpp>

#include "messages/codec/json.hpp"
#include "tests/integration/apiserver/fake_port.hpp"
#include "tests/unit/runtime/metrics_parser.hpp"

using namespace tests;

namespace {

constexpr std::string_view tokens =
  "master,alice,1,\"system:masters\"\nmonitor,prom,2,\"system:monitoring\"\nother,bob,3\n";
constexpr std::string_view as_master = "Authorization: Bearer master\r\n";
constexpr std::string_view as_json = "Content-Type: application/json\r\n";
constexpr std::string_view as_monitor = "Authorization: Bearer monitor\r\n";

std::string json_as(std::string_view user) {
  return std::string{user} + std::string{as_json};
}
constexpr std::string_view as_other = "Authorization: Bearer other\r\n";

messages::codec::draft json_of(const http_answer& answer) {
  return messages::codec::parse_json(answer.body).value;
}

} // namespace

TEST_CASE("metrics are served to masters and monitoring, and to nobody else") {
  served_api api(tokens);
  auto client = api.anonymous();
  CHECK(client.request("GET", "/metrics").code == 403);
  CHECK(client.request("GET", "/metrics", as_other).code == 403);
  CHECK(client.request("GET", "/metrics", as_master).code == 200);
  CHECK(client.request("POST", "/metrics", as_monitor).code == 403);
  CHECK(client.request("DELETE", "/metrics", as_master).code == 405);
  CHECK(client.request("GET", "/metrics/more", as_master).code == 404);
  const auto answer = client.request("GET", "/metrics", as_monitor);
  REQUIRE(answer.code == 200);
  CHECK(answer.header("content-type") == "text/plain; version=0.0.4; charset=utf-8");
  const auto metrics = parse_metrics(answer.body);
  CHECK(metrics.problem == "");
  CHECK(metrics.value("troupe_actor_messages_total", {{"host", "host-a"}, {"actor", "scheduler"}}) == 42);
  CHECK(metrics.value("apiserver_request_total", {{"verb", "GET"}, {"code", "403"}}) >= 2);
}

TEST_CASE("requests are counted under upstream's names, whatever clients make up") {
  served_api api(tokens);
  auto client = api.anonymous();
  api.port->put(pod_json("default", "web"));
  CHECK(client.request("GET", "/api/v1/namespaces/default/pods/web", as_master).code == 200);
  CHECK(client.request("GET", "/api/v1/namespaces/default/pods", as_master).code == 200);
  CHECK(client.request("GET", "/api/v1/pods", as_master).code == 200);
  CHECK(client.request("GET", "/api/v1/namespaces/default/pods/gone", as_master).code == 404);
  CHECK(client.request("GET", "/apis/made.up/v7/things", as_master).code == 404);
  CHECK(client.request("FROB", "/api/v1/pods", as_master).code >= 400);
  https_client watcher{api.server->port()};
  CHECK(watcher.begin_stream("/api/v1/pods?watch=1", as_master).code == 200);
  const auto metrics = parse_metrics(client.request("GET", "/metrics", as_master).body);
  REQUIRE(metrics.problem == "");
  const auto total = [&](std::map<std::string, std::string> labels) {
    labels["resource"] = "pods";
    return metrics.value("apiserver_request_total", labels);
  };
  CHECK(total({{"verb", "GET"}, {"scope", "resource"}, {"code", "200"}, {"version", "v1"}, {"component", "apiserver"}}) == 1);
  CHECK(total({{"verb", "GET"}, {"scope", "resource"}, {"code", "404"}}) == 1);
  CHECK(total({{"verb", "LIST"}, {"scope", "namespace"}, {"code", "200"}}) == 1);
  CHECK(total({{"verb", "LIST"}, {"scope", "cluster"}, {"code", "200"}}) == 1);
  CHECK(total({{"verb", "WATCH"}, {"scope", "cluster"}, {"code", "200"}}) == 1);
  CHECK(metrics.value("apiserver_request_duration_seconds_count", {{"verb", "LIST"}, {"resource", "pods"}}) == 1);
  CHECK(metrics.value("apiserver_request_duration_seconds_count", {{"verb", "WATCH"}}) < 0);
  CHECK(metrics.value("apiserver_request_total", {{"resource", "things"}}) < 0);
  CHECK(metrics.value("apiserver_request_total", {{"verb", "other"}}) == 1);
}

TEST_CASE("the page is served to anybody, under a policy that runs nothing else") {
  served_api api(tokens);
  auto client = api.anonymous();
  const auto page = client.request("GET", "/ui/");
  REQUIRE(page.code == 200);
  CHECK(page.header("content-type") == "text/html; charset=utf-8");
  const auto policy = page.header("content-security-policy");
  CHECK(policy.find("default-src 'none'") != std::string::npos);
  CHECK(policy.find("unsafe") == std::string::npos);
  CHECK(page.header("x-frame-options") == "DENY");
  CHECK(page.body.find("http://") == std::string::npos);
  CHECK(page.body.find("https://") == std::string::npos);
  CHECK(client.request("GET", "/ui").code == 308);
  CHECK(client.request("GET", "/ui/app.js").header("content-type") == "text/javascript; charset=utf-8");
  CHECK(client.request("GET", "/ui/style.css").header("content-type") == "text/css; charset=utf-8");
  CHECK(client.request("GET", "/ui/../pki/admin.key").code != 200);
  CHECK(client.request("GET", "/ui/nothing").code == 404);
  CHECK(client.request("POST", "/ui/").code == 405);
}

TEST_CASE("the state behind the page: hosts, actors, nodes and pods") {
  served_api api(tokens);
  auto client = api.anonymous();
  api.port->put(pod_json("default", "web", "{}", "node-1"));
  api.port->put(R"({"apiVersion":"v1","kind":"Node","metadata":{"name":"node-1"},
    "status":{"conditions":[{"type":"Ready","status":"True"}]}})");
  CHECK(client.request("GET", "/troupe/v1/state").code == 403);
  CHECK(client.request("GET", "/troupe/v1/state", as_other).code == 403);
  const auto answer = client.request("GET", "/troupe/v1/state", as_monitor);
  REQUIRE(answer.code == 200);
  const auto state = json_of(answer);
  CHECK_FALSE(state.get("mayAct").boolean());
  CHECK(state.get("user").str() == "prom");
  const auto& actor = state.get("hosts").items().at(0).get("actors").items().at(0);
  CHECK(actor.get("id").str() == "scheduler");
  CHECK(actor.get("parent").str() == "supervisor/scheduler");
  CHECK(actor.get("handled").integer() == 42);
  CHECK(state.get("nodes").items().at(0).get("state").str() == "Ready");
  CHECK(state.get("nodes").items().at(0).get("pods").integer() == 1);
  const auto& pod = state.get("pods").items().at(0);
  CHECK(pod.get("name").str() == "web");
  CHECK(pod.get("node").str() == "node-1");
  CHECK(state.get("podCounts").get("total").integer() == 1);
  CHECK(json_of(client.request("GET", "/troupe/v1/state", as_master)).get("mayAct").boolean());
}

TEST_CASE("actions are for masters, and only those of the page's buttons") {
  served_api api(tokens);
  auto client = api.anonymous();
  const std::string kill = R"({"command":["kill","scheduler"]})";
  CHECK(client.request("POST", "/troupe/v1/actions", json_as(as_monitor), kill).code == 403);
  CHECK(client.request("POST", "/troupe/v1/actions", as_json, kill).code == 403);
  CHECK(client.request("GET", "/troupe/v1/actions", as_master).code == 405);
  CHECK(api.cluster->commands().empty());
  CHECK(client.request("POST", "/troupe/v1/actions", json_as(as_master), kill).code == 200);
  REQUIRE(api.cluster->commands().size() == 1);
  CHECK(api.cluster->commands()[0] == runtime::control::words{"kill", "scheduler"});
  CHECK(client.request("POST", "/troupe/v1/actions", json_as(as_master), R"({"command":["kill","x"],"host":"host-a"})").code == 200);
  CHECK(client.request("POST", "/troupe/v1/actions", json_as(as_master), R"({"command":["kill","x"],"host":"host-b"})").code == 200);
  CHECK(api.cluster->commands()[1] == runtime::control::words{"kill", "x"});
  CHECK(api.cluster->commands()[2] == runtime::control::words{"at", "host-b", "kill", "x"});
  const auto refused = client.request("POST", "/troupe/v1/actions", json_as(as_master), R"({"command":["kill","nobody"]})");
  CHECK(refused.code == 409);
  CHECK(json_of(refused).get("error").str() == "no actor is named `nobody`");
  for (const auto body : {"", "{", "[]", "{}", R"({"command":[]})", R"({"command":"kill"})", R"({"command":[1]})",
                          R"({"command":["ui"]})", R"({"command":["trace","x","","","1"]})"})
    CHECK(client.request("POST", "/troupe/v1/actions", json_as(as_master), body).code == 400);
  CHECK(api.cluster->commands().size() == 4);
}

TEST_CASE("a page of another site cannot act with the user's certificate") {
  served_api api(tokens);
  auto client = api.anonymous();
  const std::string kill = R"({"command":["kill","scheduler"]})";
  const auto act = [&](const std::string& headers) {
    return client.request("POST", "/troupe/v1/actions", std::string{as_master} + headers, kill).code;
  };
  CHECK(act("Content-Type: text/plain\r\n") == 415); // what a form or a simple request can send
  CHECK(act("") == 415);
  const std::string json{as_json};
  CHECK(act(json + "Sec-Fetch-Site: cross-site\r\n") == 403);
  CHECK(act(json + "Sec-Fetch-Site: same-site\r\n") == 403);
  CHECK(act(json + "Origin: https://elsewhere.example\r\n") == 403);
  CHECK(act(json + "Origin: null\r\n") == 403);
  CHECK(client.request("POST", "/troupe/v1/session", json + "Origin: https://elsewhere.example\r\n", "{}").code == 403);
  CHECK(api.cluster->commands().empty());
  CHECK(act(json + "Sec-Fetch-Site: same-origin\r\n") == 200);
  CHECK(act("Content-Type: application/json; charset=utf-8\r\n") == 200);
}

TEST_CASE("an invitation is good for one session") {
  served_api api(tokens);
  auto client = api.anonymous();
  const auto now_us = runtime::seams::system_clock{}.monotonic_us();
  const std::string body = R"({"token":")" + api.sessions->invite(now_us) + R"("})";
  const auto session = client.request("POST", "/troupe/v1/session", as_json, body);
  REQUIRE(session.code == 200);
  const auto header = "Authorization: Bearer " + std::string{json_of(session).get("token").str()} + "\r\n";
  const auto state = client.request("GET", "/troupe/v1/state", header);
  CHECK(state.code == 200);
  CHECK(json_of(state).get("mayAct").boolean());
  CHECK(client.request("POST", "/troupe/v1/session", as_json, body).code == 401);
  CHECK(client.request("POST", "/troupe/v1/session", as_json, "{}").code == 401);
  CHECK(client.request("POST", "/troupe/v1/session", as_json, "nonsense").code == 401);
  CHECK(client.request("GET", "/troupe/v1/state", "Authorization: Bearer troupe-page.00\r\n").code == 401);
}

TEST_CASE("invitations and sessions end with their time") {
  using actors::apiserver::auth::page_sessions;
  page_sessions sessions{std::make_shared<runtime::seams::system_random>()};
  const auto late = sessions.invite(1);
  CHECK_FALSE(sessions.exchange(late, 1 + page_sessions::invitation_us_max));
  const auto session = sessions.exchange(sessions.invite(1), 2);
  REQUIRE(session);
  CHECK(sessions.find(*session, 3));
  CHECK_FALSE(sessions.find(*session, 2 + page_sessions::session_us_max));
  const auto oldest = sessions.invite(10);
  for (size_t i = 0; i < page_sessions::entries_max; ++i)
    sessions.invite(11);
  CHECK_FALSE(sessions.exchange(oldest, 12));
}
