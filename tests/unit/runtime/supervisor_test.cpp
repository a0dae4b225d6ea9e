// Supervisors under CAF's test coordinator: what is started, stopped and restarted, in which order.
#include "runtime/supervision/supervisor.hpp"

#include "tests/unit/runtime/test_system.hpp"

#include <catch2/catch.hpp>

using namespace runtime;
using namespace runtime::supervision;
using namespace std::chrono_literals;
using strings = std::vector<std::string>;

namespace {

struct fixture : test_system {
  strings events;
  std::map<std::string, caf::actor> live;
  std::shared_ptr<telemetry::actor_table> table = std::make_shared<telemetry::actor_table>();
  supervisor_spec spec{.id = "top", .host = "host-a", .table = table};
  caf::actor top;

  /// A child that logs its start and end, and fails when it is sent a text.
  child_spec child(const std::string& id) {
    return {.id = id, .role = "test", .start = [this, id] {
              events.push_back("+" + id);
              live[id] = sys.spawn([this, id](telemetry::metered<caf::event_based_actor>* self) -> caf::behavior {
                self->attach_functor([this, id](const caf::error& reason) {
                  events.push_back("-" + id + (reason == caf::exit_reason::kill ? " killed" : ""));
                });
                return {[](const std::string& text) { throw std::runtime_error(text); },
                        [self](int) { self->quit(); }};
              });
              return caf::actor_cast<caf::strong_actor_ptr>(live[id]);
            }};
  }

  /// A child that ignores the orderly stop.
  child_spec stubborn(const std::string& id) {
    auto spec = child(id);
    spec.start = [this, inner = spec.start, id] {
      auto result = inner();
      auto ignore = sys.spawn([this, id](caf::event_based_actor* self) -> caf::behavior {
        self->set_exit_handler([this, id](caf::exit_msg&) { events.push_back(id + " ignores"); });
        self->attach_functor([this, id] { events.push_back("-" + id); });
        return {[](int) {}};
      });
      caf::anon_send_exit(result, caf::exit_reason::kill);
      return caf::actor_cast<caf::strong_actor_ptr>(ignore);
    };
    return spec;
  }

  void begin() {
    top = supervision::spawn(sys, spec);
    self->monitor(top);
    run();
  }

  strings seen() {
    run();
    return std::exchange(events, {});
  }

  void fail(const std::string& id, const std::string& text = "boom") {
    caf::anon_send(live[id], text);
    run();
  }

  /// The reason with which the supervisor ended.
  std::string end() {
    std::string result = "still up";
    self->receive([&](const caf::down_msg& down) { result = telemetry::failure_text(down.reason); },
                  caf::after(0s) >> [] {});
    return result;
  }

  ~fixture() {
    caf::anon_send_exit(top, caf::exit_reason::kill);
    top = nullptr;
    live.clear();
    run();
  }
};

} // namespace

TEST_CASE("one_for_one restarts the failed child alone and keeps its failure's text") {
  fixture f;
  f.spec.children = {f.child("a"), f.child("b")};
  f.begin();
  CHECK(f.seen() == strings{"+a", "+b"});
  f.fail("a", "disk full");
  CHECK(f.seen() == strings{"-a", "+a"});
  auto row = *f.table->find("a");
  CHECK(row.restarts() == 1);
  CHECK(row.last_failure == "disk full");
  CHECK(row.state == telemetry::actor_state::running);
  CHECK(f.table->find("b")->restarts() == 0);
}

TEST_CASE("one_for_all stops the others in reverse order and starts all in order") {
  fixture f;
  f.spec.how = strategy::one_for_all;
  f.spec.children = {f.child("a"), f.child("b"), f.child("c")};
  f.begin();
  f.seen();
  f.fail("b");
  CHECK(f.seen() == strings{"-b", "-c", "-a", "+a", "+b", "+c"});
}

TEST_CASE("rest_for_one restarts the failed child and those after it") {
  fixture f;
  f.spec.how = strategy::rest_for_one;
  f.spec.children = {f.child("a"), f.child("b"), f.child("c"), f.child("d")};
  f.begin();
  f.seen();
  f.fail("b");
  CHECK(f.seen() == strings{"-b", "-d", "-c", "+b", "+c", "+d"});
}

TEST_CASE("repeated failures wait longer each time, and a quiet time forgives them") {
  fixture f;
  f.spec.intensity = {.restarts_max = 100, .period = 1000s};
  f.spec.children = {f.child("a")};
  f.begin();
  f.fail("a");
  CHECK(f.seen() == strings{"+a", "-a", "+a"});
  f.fail("a");
  CHECK(f.seen() == strings{"-a"});
  CHECK(f.table->find("a")->state == telemetry::actor_state::restarting);
  f.advance(99ms);
  CHECK(f.seen().empty());
  f.advance(1ms);
  CHECK(f.seen() == strings{"+a"});
  f.fail("a");
  f.advance(199ms);
  CHECK(f.seen() == strings{"-a"});
  f.advance(1ms);
  CHECK(f.seen() == strings{"+a"});
  f.advance(60s);
  f.fail("a");
  CHECK(f.seen() == strings{"-a", "+a"});
}

TEST_CASE("rest_for_one waits with those behind a child in backoff") {
  fixture f;
  f.spec.how = strategy::rest_for_one;
  f.spec.children = {f.child("a"), f.child("b")};
  f.begin();
  f.fail("a");
  f.seen();
  f.fail("a");
  CHECK(f.seen() == strings{"-a", "-b"});
  f.advance(100ms);
  CHECK(f.seen() == strings{"+a", "+b"});
}

TEST_CASE("too many restarts in the period: the supervisor stops its children and fails with the last text") {
  fixture f;
  f.spec.intensity = {.restarts_max = 2, .period = 10s};
  f.spec.children = {f.child("a"), f.child("b")};
  f.begin();
  f.seen();
  for (int i = 0; i < 3; ++i) {
    f.fail("b", "broken " + std::to_string(i));
    f.advance(500ms);
  }
  CHECK(f.seen() == strings{"-b", "+b", "-b", "+b", "-b", "-a"});
  CHECK(f.end() == "top gave up: more than 2 restarts in 10s; last: b: broken 2");
}

TEST_CASE("transient children stay down after an orderly end, temporary ones always") {
  fixture f;
  auto a = f.child("a");
  a.restart = restart_policy::transient;
  auto b = f.child("b");
  b.restart = restart_policy::temporary;
  f.spec.children = {a, b};
  f.begin();
  f.seen();
  f.fail("a");
  CHECK(f.seen() == strings{"-a", "+a"});
  caf::anon_send(f.live["a"], 1);
  CHECK(f.seen() == strings{"-a"});
  CHECK(f.table->find("a")->state == telemetry::actor_state::stopped);
  f.fail("b", "gone");
  CHECK(f.seen() == strings{"-b"});
  CHECK(f.table->find("b")->state == telemetry::actor_state::failed);
  CHECK(f.table->find("b")->last_failure == "gone");
}

TEST_CASE("a start function that throws is a failure of its child: it is tried again") {
  fixture f;
  int tries = 0;
  auto a = f.child("a");
  a.start = [&, inner = a.start]() -> caf::strong_actor_ptr {
    if (++tries < 3)
      throw std::runtime_error("port in use");
    return inner();
  };
  std::string told;
  f.spec.on_failure = [&](const child_spec& spec, const std::string& text) { told = spec.id + ": " + text; };
  f.spec.children = {a, f.child("b")};
  f.begin();
  CHECK(f.seen() == strings{"+b"});
  CHECK(tries == 2);
  CHECK(told == "a: port in use");
  f.advance(100ms);
  CHECK(f.seen() == strings{"+a"});
  CHECK(f.table->find("a")->last_failure == "port in use");
}

TEST_CASE("a start that always throws escalates and never spins") {
  fixture f;
  f.spec.how = strategy::one_for_all;
  f.spec.intensity = {.restarts_max = 3, .period = 100s};
  auto b = f.child("b");
  b.start = []() -> caf::strong_actor_ptr { throw std::runtime_error("never"); };
  f.spec.children = {f.child("a"), b};
  f.begin();
  for (int i = 0; i < 10; ++i)
    f.advance(1s);
  auto events = f.seen();
  CHECK(events == strings{"+a", "-a", "+a", "-a", "+a", "-a", "+a", "-a"});
  CHECK(f.end().find("last: b: never") != std::string::npos);
}

TEST_CASE("an exit message stops the children in reverse order, then ends the supervisor with its reason") {
  fixture f;
  f.spec.children = {f.child("a"), f.child("b"), f.child("c")};
  f.begin();
  f.seen();
  telemetry::send_failure(caf::actor_cast<caf::strong_actor_ptr>(f.top), "killed by hand");
  CHECK(f.seen() == strings{"-c", "-b", "-a"});
  CHECK(f.end() == "killed by hand");
}

TEST_CASE("a child that does not stop in time is killed, the others wait for it") {
  fixture f;
  auto b = f.stubborn("b");
  b.shutdown = 2s;
  f.spec.children = {f.child("a"), b};
  f.begin();
  f.seen();
  caf::anon_send_exit(f.top, caf::exit_reason::user_shutdown);
  CHECK(f.seen() == strings{"b ignores"});
  f.advance(1999ms);
  CHECK(f.seen().empty());
  f.advance(1ms);
  CHECK(f.seen() == strings{"-b", "-a"});
  CHECK(f.end() == "user_shutdown");
}

TEST_CASE("independent children are stopped together") {
  fixture f;
  f.spec.stop_together = true;
  f.spec.children = {f.stubborn("a"), f.stubborn("b")};
  f.begin();
  f.seen();
  caf::anon_send_exit(f.top, caf::exit_reason::user_shutdown);
  CHECK(f.seen() == strings{"b ignores", "a ignores"});
  f.advance(5s);
  CHECK(f.seen() == strings{"-b", "-a"});
}

TEST_CASE("kill ends a supervisor at once, and its children with it") {
  fixture f;
  f.spec.children = {f.child("a"), f.child("b")};
  f.begin();
  f.seen();
  caf::anon_send_exit(f.top, caf::exit_reason::kill);
  CHECK(f.seen() == strings{"-b killed", "-a killed"});
  CHECK(f.table->find("a")->state == telemetry::actor_state::stopped);
}

TEST_CASE("a supervisor under a supervisor: its escalation is its parent's restart") {
  fixture f;
  supervisor_spec inner{.id = "inner", .intensity = {.restarts_max = 0}, .children = {f.child("a")}};
  child_spec group{.id = "inner", .role = "supervisor", .start = [&] {
                     return caf::actor_cast<caf::strong_actor_ptr>(supervision::spawn(f.sys, inner));
                   }};
  f.spec.children = {group, f.child("b")};
  f.begin();
  CHECK(f.seen() == strings{"+b", "+a"});
  f.fail("a", "first");
  CHECK(f.seen() == strings{"-a", "+a"});
  auto row = *f.table->find("inner");
  CHECK(row.restarts() == 1);
  CHECK(row.last_failure.find("last: a: first") != std::string::npos);
}

TEST_CASE("a child with a limit of its own makes its supervisor give up before the supervisor's limit is reached") {
  fixture f;
  f.spec.intensity = {.restarts_max = 100, .period = 100s};
  std::vector<exhaustion> told;
  f.spec.on_exhausted = [&](const exhaustion& what) { told.push_back(what); };
  auto a = f.child("a");
  a.intensity = restart_intensity{.restarts_max = 1, .period = 60s};
  f.spec.children = {a, f.child("b")};
  f.begin();
  f.fail("b", "other");
  f.fail("a", "first");
  CHECK(f.end() == "still up");
  f.advance(100ms);
  f.fail("a", "second");
  CHECK(f.end() == "top gave up: more than 1 restart of a in 60s; last: a: second");
  REQUIRE(told.size() == 1);
  CHECK(told[0].supervisor == "top");
  CHECK(told[0].child == "a");
  CHECK(told[0].of_child_alone);
  REQUIRE(told[0].failures.size() == 3);
  CHECK(told[0].failures[0].child == "b");
  CHECK(told[0].failures[2].text == "second");
}

TEST_CASE("restarts of a child outside of its period are forgotten") {
  fixture f;
  f.spec.intensity = {.restarts_max = 100, .period = 100s};
  auto a = f.child("a");
  a.intensity = restart_intensity{.restarts_max = 1, .period = 5s};
  f.spec.children = {a};
  f.begin();
  for (int i = 0; i < 4; ++i) {
    f.fail("a");
    f.advance(6s);
  }
  CHECK(f.end() == "still up");
}

TEST_CASE("the limit grows with the children, also with those that come later") {
  fixture f;
  f.spec.intensity = {.restarts_max = 0, .period = 1000s};
  f.spec.restarts_per_child = 1;
  f.spec.children = {f.child("a")};
  f.table->add("top", "supervisor", "host-a");
  f.begin();
  CHECK(f.table->tree().at(0).restarts_max == 1);
  caf::anon_send(f.top, add_child{f.child("b")});
  f.run();
  CHECK(f.table->tree().at(0).restarts_max == 2);
  CHECK(f.table->tree().at(2).parent == "top");
  f.fail("a");
  f.fail("b");
  CHECK(f.end() == "still up");
  caf::anon_send(f.top, remove_child{"b"});
  f.run();
  CHECK(f.table->tree().at(0).restarts_max == 1);
  f.advance(60s);
  f.fail("a", "last");
  CHECK(f.end() == "top gave up: more than 1 restart in 1000s; last: a: last");
}

// ---- children that come and go --------------------------------------------------------------------------

namespace {

/// Asks the supervisor to remove a child; true once it says that it is gone.
struct removal {
  removal(fixture& f, const std::string& id) {
    f.sys.spawn([this, id, top = f.top](caf::event_based_actor* self) {
      self->request(top, 1min, remove_child{id}).then([this](const child_removed&) { done = true; });
    });
    f.run();
  }
  bool done = false;
};

} // namespace

TEST_CASE("a child that is added is started at once, and restarted as the others") {
  fixture f;
  f.spec.children = {f.child("a")};
  f.begin();
  caf::anon_send(f.top, add_child{f.child("b")});
  CHECK(f.seen() == strings{"+a", "+b"});
  f.fail("b");
  CHECK(f.seen() == strings{"-b", "+b"});
  CHECK(f.table->find("b")->restarts() == 1);
  caf::anon_send(f.top, add_child{f.child("b")}); // it runs: left alone
  CHECK(f.seen().empty());
}

TEST_CASE("a child that is removed ends, is not restarted, and leaves the table") {
  fixture f;
  f.spec.children = {f.child("a"), f.child("b")};
  f.begin();
  f.seen();
  removal gone{f, "a"};
  CHECK(gone.done);
  CHECK(f.seen() == strings{"-a"});
  CHECK_FALSE(f.table->find("a"));
  f.fail("b");
  CHECK(f.seen() == strings{"-b", "+b"});
  caf::anon_send(f.top, add_child{f.child("a")});
  CHECK(f.seen() == strings{"+a"});
  CHECK(f.table->find("a")->state == telemetry::actor_state::running);
  removal unknown{f, "nobody"};
  CHECK(unknown.done);
}

TEST_CASE("a child that waits for its restart is removed without another start") {
  fixture f;
  f.spec.children = {f.child("a")};
  f.begin();
  f.fail("a");
  f.fail("a"); // the second restart waits
  f.seen();
  removal gone{f, "a"};
  CHECK(gone.done);
  f.advance(1min);
  CHECK(f.seen().empty());
}

TEST_CASE("one that is added again while it stops is started when it has ended; its siblings do not wait") {
  fixture f;
  f.spec.children = {f.stubborn("a"), f.child("b")};
  f.begin();
  f.seen();
  removal gone{f, "a"};
  CHECK_FALSE(gone.done);
  caf::anon_send(f.top, add_child{f.child("a")});
  f.fail("b");
  auto meanwhile = f.seen();
  CHECK(std::count(meanwhile.begin(), meanwhile.end(), "+b") == 1);
  CHECK(std::count(meanwhile.begin(), meanwhile.end(), "+a") == 0);
  f.advance(10s); // its time to stop is over: it is killed
  CHECK(gone.done);
  auto after = f.seen();
  CHECK(std::count(after.begin(), after.end(), "+a") == 1);
  CHECK(f.table->find("a")->state == telemetry::actor_state::running);
}
