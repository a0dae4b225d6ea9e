// Requests and timers of the api_client.
#include "tests/unit/actors/client/fixture.hpp"

using namespace client_samples;
using client::api_client;
using client::api_result;

namespace {

/// Calls `request` in the consumer; `results` has what it called back with.
std::vector<api_result> results_of(fixture& f, const std::function<void(client::api_callback)>& request) {
  auto results = std::make_shared<std::vector<api_result>>();
  f.in_consumer([=] { request([=](const api_result& result) { results->push_back(result); }); });
  return *results;
}

} // namespace

TEST_CASE("a created object is sent packed, with its place and the role's identity", "[client]") {
  fixture f;
  auto& server = f.up("host-a");
  const auto results = results_of(f, [&](auto done) { f.user->api.create(client::pods, pod("a"), done); });
  REQUIRE(results.size() == 1);
  CHECK(results[0].ok());
  REQUIRE(server.writes.size() == 1);
  const auto& write = server.writes[0];
  CHECK(write->verb() == protocol::Verb::create);
  CHECK(write->target()->resource()->str() == "pods");
  CHECK(write->target()->namespace_name()->str() == "default");
  CHECK(write->target()->name()->str() == "a");
  CHECK(write->identity()->user()->str() == "tester");
  REQUIRE(write.at(write->object()));
  CHECK(write.at(write->object()).type == &client::pods.type());
}

TEST_CASE("an object that does not fit the schema is refused here and sends nothing", "[client]") {
  fixture f;
  auto& server = f.up("host-a");
  draft object = pod("a");
  object.set("spec", "text");
  const auto results = results_of(f, [&](auto done) { f.user->api.create(client::pods, object, done); });
  REQUIRE(results.size() == 1);
  CHECK(results[0].code == 400);
  CHECK(results[0].reason == "BadRequest");
  CHECK_FALSE(results[0].message.empty());
  CHECK(server.writes.empty());
}

TEST_CASE("a refusal comes back with the Status's code, reason and message", "[client]") {
  fixture f;
  auto& server = f.up("host-a");
  server.write_code = 409;
  server.reason = "AlreadyExists";
  auto results = results_of(f, [&](auto done) { f.user->api.create(client::pods, pod("a"), done); });
  REQUIRE(results.size() == 1);
  CHECK(results[0].already_exists());
  CHECK_FALSE(results[0].conflict());
  CHECK(results[0].message == "as the test says");
  server.write_code = 404;
  server.reason = "NotFound";
  results = results_of(f, [&](auto done) { f.user->api.get(client::pods, "default", "a", done); });
  REQUIRE(results.size() == 1);
  CHECK(results[0].not_found());
}

TEST_CASE("updates and patches name their subresource, deletions their preconditions", "[client]") {
  fixture f;
  auto& server = f.up("host-a");
  results_of(f, [&](auto done) { f.user->api.update(client::pods, "status", pod("a"), done); });
  results_of(f, [&](auto done) {
    f.user->api.patch(client::pods, "", "default", "a", protocol::PatchKind::merge, json(R"({"x":1})"), done);
  });
  results_of(f, [&](auto done) {
    f.user->api.remove(client::pods, "default", "a", {.uid = "u", .revision = 7, .grace_seconds = 0, .propagation = "Orphan"}, done);
  });
  results_of(f, [&](auto done) { f.user->api.remove_collection(client::pods, "default", {}, done); });
  results_of(f, [&](auto done) { f.user->api.bind("default", "a", "u", "node-a", done); });
  REQUIRE(server.writes.size() == 5);
  CHECK(server.writes[0]->verb() == protocol::Verb::update);
  CHECK(server.writes[0]->target()->subresource()->str() == "status");
  CHECK(server.writes[1]->patch()->str() == R"({"x":1})");
  CHECK(server.writes[1]->patch_kind() == protocol::PatchKind::merge);
  const auto* options = server.writes[2]->options();
  CHECK(options->precondition_uid()->str() == "u");
  CHECK(options->precondition_revision() == 7);
  CHECK(options->grace_period_seconds() == flatbuffers::Optional<int64_t>{0});
  CHECK(options->propagation_policy()->str() == "Orphan");
  CHECK(server.writes[3]->verb() == protocol::Verb::delete_collection);
  CHECK_FALSE(server.writes[3]->options()->grace_period_seconds().has_value());
  CHECK(server.writes[4]->target()->subresource()->str() == "binding");
  CHECK(server.writes[4]->target()->name()->str() == "a");
}

TEST_CASE("a request without an answer ends with 503 at the deadline, once", "[client]") {
  fixture f;
  auto& server = f.up("host-a");
  server.silent = true;
  auto results = std::make_shared<std::vector<api_result>>();
  f.in_consumer([&] {
    f.user->api.create(client::pods, pod("a"), [=](const api_result& result) { results->push_back(result); });
  });
  f.advance(api_client::request_deadline - 1ms);
  CHECK(results->empty());
  f.advance(1ms);
  REQUIRE(results->size() == 1);
  CHECK(results->front().code == 503);
  CHECK(results->front().reason == "ServiceUnavailable");
  caf::anon_send(f.apiservers.at("host-a").first, answer_now{}); // too late
  f.run();
  CHECK(results->size() == 1);
}

TEST_CASE("without an apiserver, and when it dies on the way, a request ends with 503 at once", "[client]") {
  fixture f;
  auto results = results_of(f, [&](auto done) { f.user->api.get(client::pods, "default", "a", done); });
  REQUIRE(results.size() == 1);
  CHECK(results[0].code == 503);
  f.up("host-a").silent = true;
  auto pending = std::make_shared<std::vector<api_result>>();
  f.in_consumer([&] {
    f.user->api.get(client::pods, "default", "a", [=](const api_result& result) { pending->push_back(result); });
  });
  CHECK(pending->empty());
  f.down("host-a");
  f.advance(api_client::request_deadline);
  REQUIRE(pending->size() == 1);
  CHECK(pending->front().code == 503);
}

TEST_CASE("a timer fires once at its time, and not when it was cancelled", "[client]") {
  fixture f;
  int fired = 0;
  uint64_t second = 0;
  f.in_consumer([&] {
    f.user->api.after(100ms, [&] { ++fired; });
    second = f.user->api.after(100ms, [&] { fired += 10; });
  });
  f.in_consumer([&] { f.user->api.cancel(second); });
  f.advance(99ms);
  CHECK(fired == 0);
  f.advance(1ms);
  CHECK(fired == 1);
  f.advance(1s);
  CHECK(fired == 1);
}
