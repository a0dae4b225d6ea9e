// Waiting for the end of a container.
#include "actors/kubelet/sync/running_containers.hpp"

#include <catch2/catch.hpp>

#include <future>

using actors::kubelet::sync::running_containers;
using namespace std::chrono_literals;

namespace {
/// Longer than any test takes: who waits for it has missed its news.
constexpr auto long_time = 60s;
constexpr auto short_time = 20ms;
} // namespace

TEST_CASE("a container that no listing finds any more has ended") {
  running_containers running;
  auto waiting = std::async(std::launch::async, [&] { return running.wait_for_end("a", long_time); });
  // Listings go on until the waiter, whenever it began, has seen one.
  while (waiting.wait_for(1ms) != std::future_status::ready)
    running.publish(running.begin_listing(), {"b"});
  CHECK(waiting.get());
}

TEST_CASE("while listings find it, or there is none, the time runs") {
  running_containers running;
  CHECK_FALSE(running.wait_for_end("a", short_time));
  running.publish(running.begin_listing(), {"a"});
  auto waiting = std::async(std::launch::async, [&] { return running.wait_for_end("a", short_time); });
  while (waiting.wait_for(1ms) != std::future_status::ready)
    running.publish(running.begin_listing(), {"a", "b"});
  CHECK_FALSE(waiting.get());
}

TEST_CASE("a listing that began before says nothing, however late it comes") {
  running_containers running;
  const auto old = running.begin_listing();
  auto waiting = std::async(std::launch::async, [&] { return running.wait_for_end("a", 100ms); });
  while (waiting.wait_for(1ms) != std::future_status::ready)
    running.publish(old, {});
  CHECK_FALSE(waiting.get());
  const auto first = running.begin_listing(), second = running.begin_listing();
  running.publish(second, {"a"});
  running.publish(first, {}); // overtaken
  CHECK_FALSE(running.wait_for_end("a", short_time));
}
