// The queue of keys.
#include <catch2/catch.hpp>

#include "actors/controllers/framework/work_queue.hpp"

using actors::controllers::framework::work_queue;

TEST_CASE("a key is in the queue once, in order of arrival") {
  work_queue queue;
  queue.add("a");
  queue.add("b");
  queue.add("a");
  CHECK(queue.take(0) == "a");
  CHECK(queue.take(0) == "b");
  CHECK(!queue.take(0));
  CHECK(queue.syncing() == 2);
}

TEST_CASE("a key that is added while it is being synced comes back afterwards, once") {
  work_queue queue;
  queue.add("a");
  queue.take(0);
  queue.add("a");
  queue.add("a");
  CHECK(!queue.take(0));
  queue.done("a");
  CHECK(queue.take(0) == "a");
  queue.done("a");
  CHECK(!queue.take(0));
}

TEST_CASE("failures come back after a delay that doubles up to its maximum, and starts anew after a success") {
  work_queue queue;
  int64_t now = 0;
  int64_t expected = work_queue::retry_delay_min_us;
  for (int i = 0; i < 30; ++i) {
    queue.add("a");
    queue.take(now);
    const auto delay = queue.failed("a", now);
    CHECK(delay == std::min(expected, work_queue::retry_delay_max_us));
    CHECK(queue.next_due() == now + delay);
    CHECK(!queue.take(now + delay - 1));
    now += delay;
    CHECK(queue.take(now) == "a");
    queue.postpone("a", now);
    queue.take(now);
    queue.postpone("a", now + 1); // not counted as a failure
    queue.take(now + 1);
    queue.postpone("a", now + 1);
    now += 1;
    expected *= 2;
  }
  queue.take(now);
  queue.done("a");
  queue.add("a");
  queue.take(now);
  CHECK(queue.failed("a", now) == work_queue::retry_delay_min_us);
}

TEST_CASE("a failed key that was added meanwhile comes back at once") {
  work_queue queue;
  queue.add("a");
  queue.take(0);
  queue.add("a");
  CHECK(queue.failed("a", 0) == 0);
  CHECK(queue.take(0) == "a");
}

TEST_CASE("of several times for a key the earliest counts") {
  work_queue queue;
  queue.add_at("a", 100);
  queue.add_at("a", 50);
  queue.add_at("a", 200);
  CHECK(queue.next_due() == 50);
  CHECK(!queue.take(49));
  CHECK(queue.take(50) == "a");
  CHECK(!queue.next_due());
}
