// Metered actors, failure texts, log lines.
#include "runtime/telemetry/actor_table.hpp"
#include "runtime/telemetry/log.hpp"
#include "runtime/telemetry/metered.hpp"

#include "tests/unit/runtime/test_system.hpp"

#include <catch2/catch.hpp>

using namespace runtime;
using namespace runtime::telemetry;

namespace {

using echo_actor = caf::typed_actor<caf::replies_to<int>::with<int>>;

echo_actor::behavior_type echo(metered<echo_actor::base>*) {
  return {[](int x) { return x; }};
}

struct echo_state {
  int seen = 0;
};

echo_actor::behavior_type stateful_echo(caf::stateful_actor<echo_state, metered<echo_actor::base>>* self) {
  return {[self](int x) {
    if (x < 0)
      throw std::runtime_error("negative: " + std::to_string(x));
    return ++self->state.seen;
  }};
}

caf::error end_of(test_system& system) {
  caf::error reason;
  system.self->receive([&](const caf::down_msg& down) { reason = down.reason; },
                       caf::after(std::chrono::seconds(5)) >> [] { FAIL("no down message"); });
  return reason;
}

} // namespace

TEST_CASE("a metered actor counts what it received and handled") {
  test_system system;
  auto actor = system.sys.spawn(echo);
  auto counters = counters_of(caf::actor_cast<caf::strong_actor_ptr>(actor));
  REQUIRE(counters);
  system.run();
  caf::anon_send(actor, 1);
  caf::anon_send(actor, 2);
  CHECK(counters->received == 2);
  CHECK(counters->handled == 0);
  system.run();
  CHECK(counters->handled == 2);
  system.kill(actor.address());
}

TEST_CASE("an exception's text survives the actor") {
  test_system system;
  auto actor = system.sys.spawn(stateful_echo);
  system.self->monitor(actor);
  caf::anon_send(actor, -3);
  system.run();
  CHECK(failure_text(end_of(system)) == "negative: -3");
}

TEST_CASE("the text of a failure in an actor's first moment survives too") {
  test_system system;
  auto actor = system.sys.spawn([](metered<caf::event_based_actor>*) -> caf::behavior {
    throw std::runtime_error("cannot open");
  });
  system.self->monitor(actor);
  system.run();
  CHECK(failure_text(end_of(system)) == "cannot open");
}

TEST_CASE("failure texts of CAF's own errors are readable") {
  CHECK(failure_text(caf::error{}) == "");
  CHECK(failure_text(caf::exit_reason::kill) == "kill");
  CHECK(failure_text(make_failure("a b")) == "a b");
  CHECK(failure_text(caf::make_error(caf::sec::request_timeout)) == "request_timeout");
  CHECK(is_orderly(caf::exit_reason::user_shutdown));
  CHECK_FALSE(is_orderly(caf::exit_reason::kill));
}

TEST_CASE("the actor table keeps failures and starts, and knows the depth") {
  test_system system;
  actor_table table;
  auto actor = system.sys.spawn(echo);
  auto handle = caf::actor_cast<caf::strong_actor_ptr>(actor);
  table.add("echo", "echo", "host-a");
  table.started("echo", handle, actor_state::starting);
  system.run();
  table.ready("echo", handle);
  table.sample(1'000'000);
  for (int i = 0; i < 10; ++i)
    caf::anon_send(actor, i);
  CHECK(table.find("echo")->mailbox_depth == 10);
  CHECK(table.handle_of("echo") == handle);
  system.run();
  table.sample(3'000'000);
  auto row = *table.find("echo");
  CHECK(row.state == actor_state::running);
  CHECK(row.mailbox_depth == 0);
  CHECK(row.messages_per_second == Approx(5));
  CHECK_FALSE(table.wait_for_end("echo", 1, std::chrono::milliseconds(1)));
  table.ended("echo", actor_state::restarting, "boom");
  CHECK(table.wait_for_end("echo", 1, std::chrono::milliseconds(0)));
  table.started("echo", handle, actor_state::running);
  row = *table.find("echo");
  CHECK(row.restarts() == 1);
  CHECK(row.last_failure == "boom");
  system.kill(actor.address());
}

TEST_CASE("an enrolled part is listed until it ends, and a late end does not touch its successor") {
  test_system system;
  auto table = std::make_shared<actor_table>();
  auto first = system.sys.spawn(echo), second = system.sys.spawn(echo);
  enroll(table, "a/part", "a", "h", caf::actor_cast<caf::strong_actor_ptr>(first));
  CHECK(table->find("a/part")->state == actor_state::running);
  enroll(table, "a/part", "a", "h", caf::actor_cast<caf::strong_actor_ptr>(second));
  system.kill(first.address());
  CHECK(table->find("a/part")->state == actor_state::running);
  system.kill(second.address());
  CHECK(table->find("a/part")->state == actor_state::failed);
  CHECK(table->find("a/part")->last_failure == "kill");
  CHECK(table->find("a/part")->restarts() == 1);
}

TEST_CASE("what is removed takes its parts along") {
  test_system system;
  auto table = std::make_shared<actor_table>();
  auto part = system.sys.spawn(echo);
  table->add("a", "a", "h", "supervisor/a");
  enroll(table, "a/part", "a", "h", caf::actor_cast<caf::strong_actor_ptr>(part), "a");
  table->add("b", "b", "h", "supervisor/b");
  table->remove("a");
  CHECK_FALSE(table->find("a"));
  CHECK_FALSE(table->find("a/part"));
  CHECK(table->find("b"));
  system.kill(part.address()); // its end makes no row
  CHECK_FALSE(table->find("a/part"));
}

TEST_CASE("a log line is key=value and no value can forge a second one") {
  CHECK(render_line(1'767'225'600'123'456, log_level::info, "store/pods", "batch committed", {{"writes", 3}, {"ok", true}})
        == "time=2026-01-01T00:00:00.123Z level=info role=store/pods msg=\"batch committed\" writes=3 ok=true");
  CHECK(render_line(0, log_level::error, "x", "m", {{"k", "a\nlevel=\"y\""}})
        == "time=1970-01-01T00:00:00.000Z level=error role=x msg=m k=\"a\\nlevel=\\\"y\\\"\"");
}

TEST_CASE("a logger writes from its level on") {
  auto output = std::make_shared<memory_output>();
  logger out{output, std::make_shared<seams::manual_clock>(), "a", log_level::warning};
  out.info("no");
  out.warning("yes");
  out.named("b", log_level::debug).debug("also");
  REQUIRE(output->lines().size() == 2);
  CHECK(output->lines()[1].find("role=b msg=also") != std::string::npos);
  CHECK(parse_log_level("warning") == log_level::warning);
  CHECK_FALSE(parse_log_level("loud"));
}
