// Events: creation, counting, limits.
#include "tests/unit/actors/client/fixture.hpp"

#include "messages/api/core/v1/event_generated.h"

using namespace client_samples;
using client::event_recorder;
using client::object_reference;

namespace {

const object_reference web{"v1", "Pod", "default", "web", "uid-web", 12, "spec.containers{main}"};

struct recorder_fixture : fixture {
  apiserver_script& server = up("host-a");

  void record(const object_reference& about, std::string_view reason, std::string_view message = "it happened") {
    in_consumer([&] { user->events.normal(about, reason, message); });
  }
  const protocol::WriteRequest& write(size_t index) { return *server.writes.at(index); }
  const messages::api::core::v1::Event& created(size_t index) {
    const auto& item = server.writes.at(index);
    return *item.at(item->object()).object.root<messages::api::core::v1::Event>();
  }
};

} // namespace

TEST_CASE("an event says what, about whom, by whom and when", "[client]") {
  recorder_fixture f;
  f.in_consumer([&] { f.user->events.warning(web, "BackOff", "restarting"); });
  REQUIRE(f.server.writes.size() == 1);
  CHECK(f.write(0).verb() == protocol::Verb::create);
  CHECK(f.write(0).target()->resource()->str() == "events");
  CHECK(f.write(0).target()->namespace_name()->str() == "default");
  const auto& event = f.created(0);
  CHECK(event.type()->str() == "Warning");
  CHECK(event.reason()->str() == "BackOff");
  CHECK(event.message()->str() == "restarting");
  CHECK(event.count() == 1);
  CHECK(event.involvedObject()->kind()->str() == "Pod");
  CHECK(event.involvedObject()->uid()->str() == "uid-web");
  CHECK(event.involvedObject()->resourceVersion()->str() == "12");
  CHECK(event.involvedObject()->fieldPath()->str() == "spec.containers{main}");
  CHECK(event.source()->component()->str() == "tester");
  CHECK(event.source()->host()->str() == "node-a");
  CHECK(event.metadata()->name()->str().starts_with("web."));
}

TEST_CASE("an event about an object without a namespace goes to namespace default", "[client]") {
  recorder_fixture f;
  f.record({"v1", "Node", "", "node-a", "uid-node", 0, ""}, "Ready");
  CHECK(f.write(0).target()->namespace_name()->str() == "default");
  CHECK(f.created(0).involvedObject()->namespace_() == nullptr);
}

TEST_CASE("a repetition counts the event up with a patch, another message is another event", "[client]") {
  recorder_fixture f;
  f.record(web, "Pulled");
  f.record(web, "Pulled");
  f.record(web, "Pulled");
  f.record(web, "Pulled", "something else");
  REQUIRE(f.server.writes.size() == 4);
  const std::string name = f.write(0).target()->name()->str();
  for (size_t i : {1, 2}) {
    CHECK(f.write(i).verb() == protocol::Verb::patch);
    CHECK(f.write(i).target()->name()->str() == name);
    CHECK(json(f.write(i).patch()->str()).get("count").integer() == static_cast<int64_t>(i + 1));
  }
  CHECK(f.write(3).verb() == protocol::Verb::create);
}

TEST_CASE("a counted event that was deleted starts anew at one", "[client]") {
  recorder_fixture f;
  f.record(web, "Pulled");
  f.server.write_code = 404;
  f.server.reason = "NotFound";
  f.record(web, "Pulled");
  REQUIRE(f.server.writes.size() == 3);
  CHECK(f.write(1).verb() == protocol::Verb::patch);
  CHECK(f.write(2).verb() == protocol::Verb::create);
  CHECK(f.created(2).count() == 1);
  f.server.write_code = 200;
  f.record(web, "Pulled");
  CHECK(f.write(3).target()->name()->str() == f.write(2).target()->name()->str());
  CHECK(json(f.write(3).patch()->str()).get("count").integer() == 2);
}

TEST_CASE("an event that was refused is forgotten, so that the next one is created", "[client]") {
  recorder_fixture f;
  f.server.write_code = 403;
  f.server.reason = "Forbidden";
  f.record(web, "Pulled");
  f.server.write_code = 200;
  f.record(web, "Pulled");
  REQUIRE(f.server.writes.size() == 2);
  CHECK(f.write(1).verb() == protocol::Verb::create);
}

TEST_CASE("one object's events are limited to a burst and one more each refill", "[client]") {
  recorder_fixture f;
  for (int i = 0; i < event_recorder::burst_max + 5; ++i)
    f.record(web, "Reason" + std::to_string(i));
  CHECK(f.server.writes.size() == event_recorder::burst_max);
  CHECK(f.user->events.dropped() == 5);
  f.record({"v1", "Pod", "default", "other", "uid-other", 1, ""}, "Pulled"); // has its own limit
  CHECK(f.server.writes.size() == event_recorder::burst_max + 1);
  f.clock->advance_us(event_recorder::refill_seconds * 1'000'000);
  f.record(web, "Later");
  f.record(web, "LaterStill");
  CHECK(f.server.writes.size() == event_recorder::burst_max + 2);
}

TEST_CASE("objects without a uid are limited one by one, also when very many are known", "[client]") {
  recorder_fixture f;
  // All but one of the remembered places; what has no uid takes the last one and keeps it.
  for (size_t from = 0; from < event_recorder::remembered_max - 1; from += event_recorder::in_flight_max)
    f.in_consumer([&] {
      for (size_t i = from; i < std::min(from + event_recorder::in_flight_max, event_recorder::remembered_max - 1); ++i)
        f.user->events.normal({"v1", "Pod", "default", "p", "uid-" + std::to_string(i), 1, ""}, "Pulled", "x");
    });
  const size_t before = f.server.writes.size();
  for (int i = 0; i < event_recorder::burst_max + 5; ++i)
    f.record({"v1", "Node", "", "node-a", "", 0, ""}, "Reason" + std::to_string(i));
  CHECK(f.server.writes.size() == before + event_recorder::burst_max);
}

TEST_CASE("while nobody answers, events beyond the bound are dropped and counted; then they flow again", "[client]") {
  recorder_fixture f;
  f.server.silent = true;
  f.in_consumer([&] {
    for (size_t i = 0; i < event_recorder::in_flight_max + 3; ++i)
      f.user->events.normal({"v1", "Pod", "default", "p", "uid-" + std::to_string(i), 1, ""}, "Pulled", "x");
  });
  CHECK(f.server.writes.size() == event_recorder::in_flight_max);
  CHECK(f.user->events.dropped() == 3);
  f.advance(client::api_client::request_deadline);
  f.server.silent = false;
  f.record(web, "Pulled");
  CHECK(f.server.writes.size() == event_recorder::in_flight_max + 1);
}
