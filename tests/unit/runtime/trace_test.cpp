// Traces: what an actor takes in and sends out, with filters, limits, and nothing when nobody looks.
#include "runtime/telemetry/metered.hpp"
#include "runtime/telemetry/trace.hpp"

#include "tests/unit/runtime/test_system.hpp"

#include <catch2/catch.hpp>

#include <poll.h>

using namespace runtime::telemetry;

namespace {

caf::behavior answer_numbers(metered<caf::event_based_actor>*) {
  return {
    [](int x) { return std::to_string(x); },
    [](const std::string&) {},
  };
}

caf::behavior ask_numbers(metered<caf::event_based_actor>* self, caf::actor whom) {
  return {
    [=](int x) { self->request(whom, std::chrono::seconds{10}, x).then([](const std::string&) {}); },
  };
}

struct pair_of_actors {
  test_system system;
  std::shared_ptr<actor_table> table = std::make_shared<actor_table>();
  caf::actor server = system.sys.spawn(answer_numbers);
  caf::actor client = system.sys.spawn(ask_numbers, server);

  pair_of_actors() {
    enlist("server", server);
    enlist("client", client);
  }
  ~pair_of_actors() {
    system.kill(client.address());
    system.kill(server.address());
  }
  void enlist(const std::string& id, const caf::actor& actor) {
    table->add(id, id, "host-a");
    table->started(id, caf::actor_cast<caf::strong_actor_ptr>(actor), actor_state::running);
  }
  void ask(int number) {
    caf::anon_send(client, number);
    system.run();
  }
};

bool is_readable(int fd) {
  pollfd watched{fd, POLLIN, 0};
  return poll(&watched, 1, 0) == 1;
}

} // namespace

TEST_CASE("a trace shows requests and replies with their peers") {
  pair_of_actors pair;
  auto trace = begin_trace({.actor = "server"}, pair.table);
  CHECK(tracing());
  pair.ask(42);
  CHECK(is_readable(trace->event_fd()));
  auto events = trace->take().events;
  CHECK_FALSE(is_readable(trace->event_fd()));
  REQUIRE(events.size() == 2);
  // The reply leaves within the handler, whose time is known at its end.
  CHECK(events[0].out);
  CHECK(events[0].peer == "client");
  CHECK(events[0].text.find("42") != std::string::npos);
  CHECK(events[0].seconds < 0);
  CHECK_FALSE(events[1].out);
  CHECK(events[1].peer == "client");
  CHECK(events[1].type == "i32");
  CHECK(events[1].seconds >= 0);
  trace = nullptr;
  CHECK_FALSE(tracing());
  pair.ask(43);
}

TEST_CASE("a trace may ask for a type, a text, and be slower than its actor") {
  pair_of_actors pair;
  auto typed = begin_trace({.actor = "server", .type = "i3"}, pair.table);
  auto matching = begin_trace({.actor = "server", .match = "7"}, pair.table);
  auto slow = begin_trace({.actor = "server", .rate = 2}, pair.table);
  for (int i = 5; i < 10; ++i)
    pair.ask(i);
  CHECK(typed->take().events.size() == 5);
  CHECK(matching->take().events.size() == 2);
  auto batch = slow->take();
  CHECK(batch.events.size() >= 2);
  CHECK(batch.events.size() + batch.left_out == 10);
  CHECK(slow->take().left_out == 0);
}

TEST_CASE("what nobody reads is left out and counted") {
  pair_of_actors pair;
  auto trace = begin_trace({.actor = "client", .rate = trace_rate_max}, pair.table);
  for (size_t i = 0; i < trace_ring_max; ++i)
    pair.ask(1);
  auto batch = trace->take();
  CHECK(batch.events.size() == trace_ring_max);
  CHECK(batch.left_out == 2 * trace_ring_max); // the number, the request, the reply
}

TEST_CASE("a trace follows an actor through its restart, and waits for one that does not run") {
  pair_of_actors pair;
  auto trace = begin_trace({.actor = "later"}, pair.table);
  auto later = pair.system.sys.spawn(answer_numbers);
  pair.enlist("later", later);
  caf::anon_send(later, std::string{"one"});
  pair.system.run();
  REQUIRE(trace->take().events.size() == 1);
  pair.table->ended("later", actor_state::restarting, "broke");
  auto again = pair.system.sys.spawn(answer_numbers);
  pair.enlist("later", again);
  caf::anon_send(later, std::string{"old"});
  caf::anon_send(again, std::string{"new"});
  pair.system.run();
  auto events = trace->take().events;
  REQUIRE(events.size() == 1);
  CHECK(events[0].text.find("new") != std::string::npos);
  CHECK(events[0].peer == "-");
  pair.system.kill(later.address());
  pair.system.kill(again.address());
}

TEST_CASE("long texts are cut at a character's border, on one line") {
  pair_of_actors pair;
  auto trace = begin_trace({.actor = "server"}, pair.table);
  std::string text(trace_text_max - 2, 'x'); // the quote before it makes the next character straddle the limit
  caf::anon_send(pair.server, text + "äöü\n");
  pair.system.run();
  auto events = trace->take().events;
  REQUIRE(events.size() == 1);
  CHECK(events[0].text.size() <= trace_text_max + 3);
  CHECK(events[0].text.ends_with("x..."));
}

TEST_CASE("traces are bounded in number") {
  auto table = std::make_shared<actor_table>();
  std::vector<trace_ptr> traces;
  for (size_t i = 0; i < traces_max; ++i)
    traces.push_back(begin_trace({.actor = "x"}, table));
  CHECK_THROWS_WITH(begin_trace({.actor = "x"}, table), Catch::Contains("8 traces already"));
  traces.pop_back();
  CHECK_NOTHROW(traces.emplace_back(begin_trace({.actor = "x"}, table)));
}
