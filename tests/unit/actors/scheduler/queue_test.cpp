// Pods that wait: order, pauses, and what wakes those that were put aside.
#include "actors/scheduler/queue/scheduling_queue.hpp"
#include "tests/unit/actors/scheduler/samples.hpp"

using namespace samples;
using scheduler::queue::scheduling_queue;

namespace {

constexpr int64_t second = 1'000'000;
constexpr int64_t start = 1000 * second;

pod_ptr waiting(const char* name, int priority = 0) {
  return pod_with(name, "{}", fmt::format(R"("priority":{})", priority));
}
std::string taken(scheduling_queue& queue, int64_t now) {
  const auto pod = queue.take(now);
  return pod == nullptr ? "" : pod->key.substr(pod->key.find('/') + 1);
}
/// One attempt that fails for lack of room.
void fail(scheduling_queue& queue, int64_t now) {
  const auto pod = queue.take(now);
  REQUIRE(pod);
  queue.put_aside(pod, now);
}

} // namespace

TEST_CASE("the most important pod is first, then the one that waits longest", "[scheduler]") {
  scheduling_queue queue;
  queue.add(waiting("first"), start);
  queue.add(waiting("low", -1), start);
  queue.add(waiting("second"), start);
  queue.add(waiting("high", 100), start);
  CHECK(queue.size() == 4);
  CHECK(taken(queue, start) == "high");
  CHECK(taken(queue, start) == "first");
  CHECK(taken(queue, start) == "second");
  CHECK(taken(queue, start) == "low");
  CHECK(taken(queue, start).empty());
  CHECK(queue.next_due() == std::nullopt);
}

TEST_CASE("a pod that is added again replaces itself", "[scheduler]") {
  scheduling_queue queue;
  queue.add(waiting("a"), start);
  queue.add(waiting("a", 7), start);
  CHECK(queue.size() == 1);
  const auto pod = queue.take(start);
  REQUIRE(pod);
  CHECK(pod->priority == 7);
  CHECK_FALSE(queue.contains("default/a"));
}

TEST_CASE("a pod that fits nowhere waits for a change, but not for ever", "[scheduler]") {
  scheduling_queue queue;
  queue.add(waiting("a"), start);
  fail(queue, start);
  CHECK(queue.contains("default/a"));
  CHECK(taken(queue, start + 299 * second).empty());
  CHECK(queue.next_due() == start + scheduling_queue::unschedulable_us_max);
  CHECK(taken(queue, start + 300 * second) == "a");
}

TEST_CASE("a change lets a pod try again after its pause, which doubles from 1 s to 10 s", "[scheduler]") {
  scheduling_queue queue;
  queue.add(waiting("a"), start);
  int64_t now = start;
  for (const int64_t pause : {1, 2, 4, 8, 10, 10}) {
    fail(queue, now);
    queue.cluster_changed(now);
    CHECK(taken(queue, now + pause * second - 1).empty());
    CHECK(queue.next_due() == now + pause * second);
    now += pause * second;
  }
  CHECK(taken(queue, now) == "a");
}

TEST_CASE("a change that comes after the pause is over lets it try at once", "[scheduler]") {
  scheduling_queue queue;
  queue.add(waiting("a"), start);
  fail(queue, start);
  queue.cluster_changed(start + 5 * second);
  CHECK(queue.next_due() == 0);
  CHECK(taken(queue, start + 5 * second) == "a");
}

TEST_CASE("after a change those that wait longest are tried first", "[scheduler]") {
  scheduling_queue queue;
  for (const auto* name : {"c", "a", "b"}) {
    queue.add(waiting(name), start);
    fail(queue, start);
  }
  queue.cluster_changed(start + 60 * second);
  CHECK(taken(queue, start + 60 * second) == "c");
  CHECK(taken(queue, start + 60 * second) == "a");
  CHECK(taken(queue, start + 60 * second) == "b");
}

TEST_CASE("an attempt that failed otherwise is repeated after the pause, without a change", "[scheduler]") {
  scheduling_queue queue;
  queue.add(waiting("a"), start);
  const auto pod = queue.take(start);
  queue.retry(pod, start);
  CHECK(taken(queue, start).empty());
  CHECK(taken(queue, start + second) == "a");
}

TEST_CASE("a pod that is removed is gone from wherever it waited", "[scheduler]") {
  scheduling_queue queue;
  queue.add(waiting("active"), start);
  queue.remove("default/active");
  queue.add(waiting("aside"), start);
  fail(queue, start);
  queue.remove("default/aside");
  queue.cluster_changed(start + 600 * second);
  CHECK(queue.size() == 0);
  CHECK(taken(queue, start + 600 * second).empty());
  CHECK(queue.next_due() == std::nullopt);
}

TEST_CASE("a pod that is bound starts without a pause when another one takes its name", "[scheduler]") {
  scheduling_queue queue;
  queue.add(waiting("a"), start);
  CHECK(taken(queue, start) == "a");
  queue.settle("default/a");
  queue.add(waiting("a"), start);
  CHECK(taken(queue, start) == "a");
}
