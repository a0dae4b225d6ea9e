// CommitRequest: who gets which answer, when, and how requests gather into batches.
#include "tests/unit/actors/store/shard_fixture.hpp"

#include <catch2/catch.hpp>

using namespace actors::store;
using namespace actors::store::test;

TEST_CASE_METHOD(shard_fixture, "a commit is answered with a result per write, after it is in the engine") {
  start();
  CHECK(commit({put("/a", "1", 0), put("/b", "2")}) == "done 1, done 2");
  CHECK(commit({put("/a", "3", 0)}) == "conflict 1");
  CHECK(commit({erase("/a", 1), erase("/a")}) == "done 3, absent 0");
  CHECK(engine->current() == 3);
  CHECK(engine->revision_before(clock->wall_seconds() + 1) == 3);
  CHECK(mailbox_empty());
}

TEST_CASE_METHOD(shard_fixture, "requests that come while a batch commits share the next one") {
  start();
  run();
  auto first = ask(commit_of({put("/a", "1")}));
  REQUIRE(scheduler().try_run_once()); // the shard takes it and gives it to its committer
  auto second = ask(commit_of({put("/b", "2")}));
  auto third = ask(commit_of({put("/c", "3"), put("/d", "4")}));
  CHECK(engine->current() == 0);
  CHECK(committed(first) == "done 1");
  CHECK(committed(second) == "done 2");
  CHECK(committed(third) == "done 3, done 4");
  CHECK(mailbox_empty());
}

TEST_CASE_METHOD(shard_fixture, "a write that comes alone is committed by the shard itself, what follows by its committer") {
  commits_lone_writes = true;
  start();
  run();
  auto alone = ask(commit_of({put("/a", "1")}));
  REQUIRE(scheduler().try_run_once());
  CHECK(engine->current() == 1); // no other actor was needed
  CHECK(committed(alone) == "done 1");
  CHECK(commit({put("/a", "2", 1)}) == "done 2"); // and again
  auto first = ask(commit_of({put("/b", "1")}));
  auto second = ask(commit_of({put("/c", "2")}));
  REQUIRE(scheduler().try_run_once());
  CHECK(engine->current() == 2); // there is more in the mailbox
  CHECK(committed(first) == "done 3");
  CHECK(committed(second) == "done 4");
  CHECK(commit({put("/a", "3", 1)}) == "conflict 2");
  CHECK(commit({put("/a", "3", 2)}) == "done 5");
  CHECK(watch(5) == "0..5");
  CHECK(commit({erase("/b")}) == "done 6");
  CHECK(pushed() == strings{"5..6 -/b=1@6(1)"});
}

TEST_CASE_METHOD(shard_fixture,
                 "above its bound the queue answers overloaded, and what it took is committed") {
  bounds.pending_writes_max = 2;
  start();
  run();
  auto committing = ask(commit_of({put("/a", "1")}));
  REQUIRE(scheduler().try_run_once());
  auto waiting = ask(commit_of({put("/b", "2"), put("/c", "3")}));
  auto refused = ask(commit_of({put("/d", "4"), put("/e", "5")}));
  std::string message;
  const auto text = answer<protocol::commit_reply>(refused, [&](const protocol::commit_reply& r) {
    message = r->message()->str();
    return results_of(r);
  });
  CHECK(text == "overloaded 0, overloaded 0");
  CHECK(message == "too many requests: 2 writes wait for the store shard main, please try again later");
  CHECK(committed(committing) == "done 1");
  CHECK(committed(waiting) == "done 2, done 3");
  CHECK(commit({put("/d", "4")}) == "done 4");
}

TEST_CASE_METHOD(shard_fixture, "malformed commits are refused with the reason") {
  bounds.request_writes_max = 1;
  start();
  CHECK(commit({}) == "error: the store refused a request: a commit without writes");
  CHECK_THAT(commit({put("/a", "1"), put("/b", "2")}), Catch::Contains("at most 1"));
  CHECK(commit({put("", "1")}) == "failed 0");
  CHECK(commit({put(std::string(storage::key_bytes_max + 1, 'k'), "1")}) == "too_large 0");
  CHECK(commit({put("/large", std::string(storage::value_bytes_max, 'v'))}) == "too_large 0");
  CHECK(engine->current() == 0);
}

TEST_CASE_METHOD(shard_fixture, "a full disk is answered with the engine's words and the shard goes on") {
  start();
  engine->fail_next_commit(storage::error(storage::error_code::disk_full, "no space left; free some"));
  auto request = ask(commit_of({put("/a", "1")}));
  CHECK(answer<protocol::commit_reply>(request, [](const protocol::commit_reply& r) {
          return results_of(r) + " " + r->message()->str();
        }) == "failed 0 no space left; free some");
  CHECK(commit({put("/a", "1")}) == "done 1");
}

TEST_CASE_METHOD(shard_fixture,
                 "a broken disk ends the shard with the reason; outcomes are told to be unknown") {
  start();
  run();
  self->monitor(shard);
  engine->fail_next_commit(storage::error(storage::error_code::io, "input/output error"));
  auto committing = ask(commit_of({put("/a", "1")}));
  REQUIRE(scheduler().try_run_once());
  auto waiting = ask(commit_of({put("/b", "2")}));
  CHECK_THAT(committed(committing), Catch::Contains("outcome of the write is unknown"));
  CHECK_THAT(committed(waiting), Catch::Contains("outcome of the write is unknown"));
  std::string reason;
  self->receive([&](caf::down_msg& down) { reason = runtime::telemetry::failure_text(down.reason); });
  CHECK(reason == "input/output error");
  CHECK(engine.use_count() == 1); // let go of, so that a successor can open it
}

TEST_CASE_METHOD(shard_fixture, "a disk that breaks under a lone write ends the shard too") {
  commits_lone_writes = true;
  start();
  run();
  self->monitor(shard);
  engine->fail_next_commit(storage::error(storage::error_code::io, "input/output error"));
  CHECK_THAT(commit({put("/a", "1")}), Catch::Contains("outcome of the write is unknown"));
  std::string reason;
  self->receive([&](caf::down_msg& down) { reason = runtime::telemetry::failure_text(down.reason); });
  CHECK(reason == "input/output error");
  CHECK(engine.use_count() == 1);
}
