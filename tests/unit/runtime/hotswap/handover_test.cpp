// What goes from one version to the next.
#include "actors/controllers/framework/controller_handover.hpp"

#include <catch2/catch.hpp>

using namespace actors::controllers::framework;
namespace client = actors::client;

namespace {

constexpr int64_t now = 5'000'000;

work_queue busy_queue() {
  work_queue queue;
  queue.add("a/taken");
  queue.add("a/failing");
  REQUIRE(queue.take(now) == "a/taken");
  REQUIRE(queue.take(now) == "a/failing");
  queue.failed("a/failing", now);
  queue.add("a/taken"); // changed while it is synced
  queue.add("a/second");
  queue.add("a/first");
  queue.add_at("a/later", now + 7'000'000);
  return queue;
}

} // namespace

TEST_CASE("a queue that is handed over goes on where it was") {
  const auto bytes = runtime::hotswap::pack(export_work(busy_queue(), {}, now));
  std::string why;
  const auto read = runtime::hotswap::unpack(bytes, why);
  REQUIRE(read);
  const int64_t there = 900; // another clock
  auto next = import_queue(*read, there);
  CHECK(next.size() == 4);
  CHECK(next.syncing() == 1);
  CHECK(next.take(there) == "a/second"); // in their order
  CHECK(next.take(there) == "a/first");
  CHECK(next.take(there) == std::nullopt);
  CHECK(next.next_due() == there + 5'000);
  CHECK(next.take(there + 5'000) == "a/failing");
  CHECK(next.failed("a/failing", there) == 10'000); // it failed before
  next.done("a/taken");
  CHECK(next.take(there) == "a/taken"); // it was changed while it was synced
  CHECK(next.take(there + 7'000'000) == "a/failing");
  CHECK(next.take(there + 7'000'000) == "a/later");
}

TEST_CASE("own writes are handed over with what is left of their time") {
  own_writes_map writes;
  writes["a/b"].add(client::pods, 7);
  writes["a/b"].add(client::pods, 5);
  writes["a/b"].add(client::replicasets, 9);
  writes["a/b"].give_up_us = now + 100;
  std::string why;
  const auto read = runtime::hotswap::unpack(runtime::hotswap::pack(export_work({}, writes, now)), why);
  REQUIRE(read);
  const auto next = import_own_writes(*read, 0);
  REQUIRE(next.size() == 1);
  const auto& own = next.at("a/b");
  CHECK(own.give_up_us == 100);
  REQUIRE(own.writes.size() == 2);
  CHECK(own.writes[0].is_of(client::pods));
  CHECK(own.writes[0].revision == 7);
  CHECK(own.writes[1].is_of(client::replicasets));
}

TEST_CASE("bytes that are no handover of this format are refused with a reason") {
  std::string why;
  CHECK_FALSE(runtime::hotswap::unpack("", why));
  CHECK(why == "it is no handover, or a damaged one");
  CHECK_FALSE(runtime::hotswap::unpack("some text that is long enough to hold a table", why));
  messages::handover::HandoverT other;
  other.format = 2;
  CHECK_FALSE(runtime::hotswap::unpack(runtime::hotswap::pack(other), why));
  CHECK(why == "its format is 2, and 1 is what is understood here");
  auto bytes = runtime::hotswap::pack(export_work(busy_queue(), {}, now));
  bytes.resize(bytes.size() / 2);
  CHECK_FALSE(runtime::hotswap::unpack(bytes, why));
}
