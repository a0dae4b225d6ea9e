// The pure parts of the shard: queue, window, compaction.
#include "actors/store/decide_compaction.hpp"
#include "actors/store/watch_window.hpp"
#include "actors/store/write_queue.hpp"

#include <catch2/catch.hpp>

using namespace actors::store;

TEST_CASE("a write queue is bounded by writes and by bytes") {
  limits bounds;
  bounds.pending_writes_max = 10;
  bounds.pending_bytes_max = 100;
  write_queue<int> queue(bounds);
  CHECK(queue.push(1, 6, 10));
  CHECK(!queue.push(2, 5, 10));
  CHECK(queue.push(3, 4, 10));
  CHECK(queue.writes() == 10);
  CHECK(queue.take_batch() == std::vector{1, 3});
  CHECK(queue.writes() == 0);
  CHECK(queue.push(4, 1, 90));
  CHECK(!queue.push(5, 1, 11));
  CHECK(queue.push(6, 1, 10));
  CHECK(queue.bytes() == 100);
}

TEST_CASE("an empty write queue takes a request of any size, and it commits alone") {
  limits bounds;
  bounds.pending_writes_max = 10;
  bounds.batch_writes_max = 5;
  write_queue<int> queue(bounds);
  CHECK(queue.push(1, 50, 0));
  CHECK(!queue.push(2, 1, 0));
  CHECK(queue.take_batch() == std::vector{1});
  CHECK(queue.empty());
}

TEST_CASE("batches are taken in order and fit one transaction") {
  limits bounds;
  bounds.batch_writes_max = 5;
  bounds.batch_bytes_max = 100;
  write_queue<int> queue(bounds);
  queue.push(1, 3, 10);
  queue.push(2, 2, 10);
  queue.push(3, 1, 10);
  queue.push(4, 1, 95);
  CHECK(queue.take_batch() == std::vector{1, 2});
  CHECK(queue.take_batch() == std::vector{3});
  CHECK(queue.take_batch() == std::vector{4});
  CHECK(queue.take_batch().empty());
  CHECK(queue.bytes() == 0);
}

TEST_CASE("a watch window is full when too much is not acknowledged") {
  limits bounds;
  bounds.watch_window_max = 2;
  watch_window window(10);
  CHECK(window.sent() == 10);
  CHECK(window.may_send(bounds));
  window.on_sent(15, 30);
  window.on_sent(20, 30);
  CHECK(!window.may_send(bounds));
  window.on_acknowledged(14); // not a boundary: nothing is complete
  CHECK(!window.may_send(bounds));
  window.on_acknowledged(15);
  CHECK(window.may_send(bounds));
  window.on_sent(30, 30);
  window.on_acknowledged(1'000'000); // made up
  CHECK(window.may_send(bounds));
  CHECK(window.sent() == 30);
}

TEST_CASE("a watcher lags when too much was written since what it does not acknowledge") {
  limits bounds;
  bounds.watch_backlog_max = 100;
  watch_window window(10);
  CHECK(!window.lags(1'000, bounds)); // nothing was sent yet: that is the shard's delay
  window.on_sent(20, 1'000);          // it starts far behind
  window.on_sent(30, 1'050);
  CHECK(!window.lags(1'100, bounds));
  CHECK(window.lags(1'101, bounds));
  window.on_acknowledged(20);
  CHECK(!window.lags(1'101, bounds));
  CHECK(window.lags(1'151, bounds));
}

TEST_CASE("history is forgotten by age, or by count when nothing ages") {
  limits bounds;
  bounds.history_changes_max = 100;
  CHECK(decide_compaction(5, 50, 30, bounds) == 30);
  CHECK(decide_compaction(5, 500, 30, bounds) == 400);
  CHECK(decide_compaction(40, 50, 30, bounds) == 40);
  CHECK(decide_compaction(0, 0, 0, bounds) == 0);
}
