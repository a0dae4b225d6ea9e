// WatchRequest, ShardChanges and ShardChangesAck: order, exactly once, flow control, laggards.
#include "tests/unit/actors/store/shard_fixture.hpp"

#include <catch2/catch.hpp>

using namespace actors::store;
using namespace actors::store::test;

namespace {

// A second watcher, which never acknowledges, and can be killed.
runtime::protocols::shard_watcher_actor::behavior_type watcher(
  runtime::protocols::shard_watcher_actor::pointer self, runtime::protocols::store_actor shard, int64_t after,
  std::vector<std::string>* seen) {
  fb::WatchRequestT request;
  request.after = after;
  self->request(shard, shard_fixture::test_deadline, protocol::watch_request{request})
    .then([](const protocol::watch_reply&) {});
  return {[=](const protocol::shard_changes& m) { seen->push_back(changes_of(m)); }};
}

} // namespace

TEST_CASE_METHOD(shard_fixture, "a watcher gets what follows its revision, then every change in order") {
  start();
  commit({put("/a", "1"), put("/a", "2")});
  CHECK(watch(1) == "0..2");
  CHECK(pushed() == strings{"1..2 +/a=2@2(1)"});
  commit({put("/b", "3"), erase("/a")});
  CHECK(pushed() == strings{"2..4 +/b=3@3 -/a=2@4(2)"});
  CHECK(commit({put("/b", "x", 99)}) == "conflict 3");
  CHECK(mailbox_empty()); // nothing changed
}

TEST_CASE_METHOD(shard_fixture, "a writer's answer comes before the change is pushed to it") {
  start();
  watch(0);
  auto request = ask(commit_of({put("/a", "1")}));
  run();
  // The first message in the mailbox is the answer, or this would block.
  bool answered = false;
  request.receive([&](const protocol::commit_reply&) { answered = true; }, [](caf::error&) {});
  CHECK(answered);
  CHECK(pushed() == strings{"0..1 +/a=1@1"});
}

TEST_CASE_METHOD(shard_fixture, "a watch from a forgotten or an impossible revision is told to list anew") {
  start();
  commit({put("/a", "1"), put("/a", "2"), put("/a", "3")});
  engine->compact(2, 10);
  CHECK(watch(1) == "2..3 compacted");
  CHECK(watch(4) == "2..3 compacted");
  CHECK(mailbox_empty());
  CHECK(watch(2) == "2..3");
  CHECK(pushed() == strings{"2..3 +/a=3@3(2)"});
  // A refused watch also ends the one that the sender had.
  CHECK(watch(1) == "2..3 compacted");
  commit({put("/a", "4")});
  CHECK(mailbox_empty());
}

TEST_CASE_METHOD(shard_fixture,
                 "a watcher is sent no more than its window, and the rest as it acknowledges") {
  bounds.watch_window_max = 2;
  bounds.message_changes_max = 2;
  start();
  commit({put("/a", "1"), put("/b", "2"), put("/c", "3"), put("/d", "4"), put("/e", "5"), put("/f", "6"),
          put("/g", "7")});
  watch(0);
  CHECK(pushed() == strings{"0..2 +/a=1@1 +/b=2@2", "2..4 +/c=3@3 +/d=4@4"});
  commit({put("/h", "8")});
  CHECK(mailbox_empty());
  acknowledge(2);
  CHECK(pushed() == strings{"4..6 +/e=5@5 +/f=6@6"});
  acknowledge(6);
  CHECK(pushed() == strings{"6..8 +/g=7@7 +/h=8@8"});
  acknowledge(8);
  commit({put("/i", "9")});
  CHECK(pushed() == strings{"8..9 +/i=9@9"});
}

TEST_CASE_METHOD(shard_fixture, "a watcher that lags too much is told where it was and forgotten") {
  bounds.watch_backlog_max = 3;
  bounds.watch_window_max = 1;
  start();
  watch(0);
  commit({put("/a", "1")});
  CHECK(pushed() == strings{"0..1 +/a=1@1"});
  commit({put("/a", "2"), put("/a", "3")});
  CHECK(mailbox_empty());
  commit({put("/a", "4")});
  CHECK(mailbox_empty());
  commit({put("/a", "5")});
  CHECK(pushed() == strings{"1..1 lagging"});
  acknowledge(1);
  CHECK(mailbox_empty());
  CHECK(watch(1) == "0..5"); // and goes on from there
  CHECK(pushed() == strings{"1..5 +/a=2@2(1) +/a=3@3(2) +/a=4@4(3) +/a=5@5(4)"});
}

TEST_CASE_METHOD(shard_fixture, "a watcher that history has passed is told so") {
  bounds.watch_window_max = 1;
  start();
  watch(0);
  commit({put("/a", "1")});
  commit({put("/a", "2")});
  commit({put("/a", "3")});
  engine->compact(2, 10);
  CHECK(pushed() == strings{"0..1 +/a=1@1"});
  acknowledge(1);
  CHECK(pushed() == strings{"1..1 lagging"});
}

TEST_CASE_METHOD(shard_fixture, "watching again starts anew from the revision that is asked") {
  start();
  watch(0);
  commit({put("/a", "1"), put("/b", "2")});
  CHECK(pushed() == strings{"0..2 +/a=1@1 +/b=2@2"});
  CHECK(watch(1) == "0..2");
  CHECK(pushed() == strings{"1..2 +/b=2@2"});
  commit({put("/c", "3")});
  CHECK(pushed() == strings{"2..3 +/c=3@3"}); // once, not twice
}

TEST_CASE_METHOD(shard_fixture, "watchers are independent, share messages, and leave when they die") {
  bounds.watch_window_max = 2;
  bounds.watchers_max = 2;
  start();
  std::vector<std::string> seen;
  watch(0);
  auto other = sys.spawn(watcher, shard, 0, &seen);
  run();
  for (int i = 1; i <= 4; ++i) {
    commit({put("/a", std::to_string(i))});
    acknowledge(i);
  }
  CHECK(pushed().size() == 4);
  CHECK(seen == strings{"0..1 +/a=1@1", "1..2 +/a=2@2(1)"}); // its window is full
  std::vector<std::string> refused;
  auto third = sys.spawn(watcher, shard, 0, &refused);
  run();
  CHECK(refused.empty());
  kill(other.address());
  auto fourth = sys.spawn(watcher, shard, 3, &refused);
  run();
  CHECK(refused == strings{"3..4 +/a=4@4(3)"});
  kill(third.address());
  kill(fourth.address());
}

TEST_CASE_METHOD(shard_fixture, "acknowledgements without a watch are ignored") {
  start();
  acknowledge(5);
  CHECK(commit({put("/a", "1")}) == "done 1");
  CHECK(mailbox_empty());
}
