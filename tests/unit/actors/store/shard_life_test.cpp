// Opening, history by age, the end and the restart of a shard.
#include "tests/unit/actors/store/shard_fixture.hpp"

#include <catch2/catch.hpp>

using namespace actors::store;
using namespace actors::store::test;
using namespace std::chrono_literals;

TEST_CASE_METHOD(shard_fixture, "a shard whose folder is still held waits for it; requests wait with it") {
  locked = 3;
  start();
  auto request = ask(commit_of({put("/a", "1")}));
  run();
  CHECK(ready == 0);
  for (int i = 0; i < 3; ++i)
    advance(bounds.open_retry);
  CHECK(ready == 1);
  CHECK(opened == 1);
  CHECK(committed(request) == "done 1");
}

TEST_CASE_METHOD(shard_fixture, "a folder that stays held is a failure with the engine's words") {
  locked = 1'000'000;
  start();
  self->monitor(shard);
  run();
  clock->advance_us(std::chrono::microseconds(bounds.open_wait_max).count());
  advance(bounds.open_retry);
  std::string reason;
  self->receive([&](caf::down_msg& down) { reason = runtime::telemetry::failure_text(down.reason); });
  CHECK_THAT(reason, Catch::Contains("in use"));
}

TEST_CASE_METHOD(shard_fixture, "history older than the window is forgotten, in bounded steps") {
  bounds.history_seconds = 300;
  bounds.compact_changes_max = 2;
  start();
  run();
  for (int i = 0; i < 5; ++i)
    commit({put("/a", std::to_string(i))});
  clock->advance_us(200'000'000);
  commit({put("/a", "young")});
  advance(bounds.compact_interval);
  CHECK(engine->oldest() == 0);
  clock->advance_us(101'000'000);
  advance(bounds.compact_interval);
  CHECK(engine->oldest() == 5); // three steps
  CHECK(commit({put("/a", "after")}) == "done 7");
}

TEST_CASE_METHOD(shard_fixture, "a step of compaction on a slow disk is told once, and no other starts before it is done") {
  bounds.history_changes_max = 1;
  start();
  for (int i = 0; i < 3; ++i)
    commit({put("/a", std::to_string(i))});
  scheduler().advance_time(bounds.compact_interval);
  REQUIRE(scheduler().try_run_once()); // the shard orders a step
  REQUIRE(scheduler().jobs.size() == 1);
  auto* committer = scheduler().jobs.front(); // and the committer takes its time
  scheduler().jobs.pop_front();
  const auto warnings = [&] {
    size_t count = 0;
    for (const auto& line : log->lines())
      count += line.find("takes long") != std::string::npos ? 1 : 0;
    return count;
  };
  for (int i = 0; i < 10; ++i) {
    clock->advance_us(std::chrono::microseconds(bounds.compact_interval).count());
    advance(bounds.compact_interval);
    CHECK(warnings() == ((i + 1) * bounds.compact_interval >= bounds.compact_step_max ? 1 : 0));
  }
  CHECK(engine->oldest() == 0);
  scheduler().jobs.push_back(committer);
  run();
  CHECK(engine->oldest() == 2);
  commit({put("/a", "next")});
  advance(bounds.compact_interval);
  CHECK(engine->oldest() == 3); // compaction goes on
}

TEST_CASE_METHOD(shard_fixture, "history is bounded by count when the clock stands") {
  bounds.history_changes_max = 3;
  start();
  for (int i = 0; i < 10; ++i)
    commit({put("/a", std::to_string(i))});
  advance(bounds.compact_interval);
  CHECK(engine->oldest() == 7);
}

TEST_CASE_METHOD(shard_fixture,
                 "a killed shard lets go of its engine, and its successor has all that was answered") {
  start();
  commit({put("/a", "1")});
  auto lost = ask(commit_of({put("/b", "2")}));
  REQUIRE(scheduler().try_run_once());
  const auto old = shard;
  kill(old.address());
  CHECK_THAT(committed(lost), Catch::Contains("unknown"));
  CHECK(engine.use_count() == 1); // though its handle is still held
  start();
  CHECK(watch(0) != "");
  const auto seen = pushed();
  REQUIRE(!seen.empty());
  CHECK_THAT(seen.front(), Catch::Contains("+/a=1@1"));
  CHECK_THAT(commit({put("/c", "3")}), Catch::StartsWith("done "));
}

TEST_CASE_METHOD(shard_fixture, "a shard that is asked to stop ends in order") {
  start();
  run();
  self->monitor(shard);
  caf::anon_send_exit(shard, caf::exit_reason::user_shutdown);
  run();
  bool orderly = false;
  self->receive([&](caf::down_msg& down) { orderly = runtime::telemetry::is_orderly(down.reason); });
  CHECK(orderly);
  CHECK(engine.use_count() == 1);
}
