// Timers over few alarms.
#include "actors/client/timer_queue.hpp"

#include <catch2/catch.hpp>
#include <map>
#include <memory>
#include <random>
#include <vector>

using actors::client::timer_queue;
using namespace std::chrono_literals;

namespace {
timer_queue::time_point at(int ms) { return timer_queue::time_point{} + 1h + std::chrono::milliseconds{ms}; }
} // namespace

TEST_CASE("an alarm is asked for only when none comes in time") {
  timer_queue timers;
  CHECK(!timers.next_alarm());
  timers.add(at(50), [] {});
  CHECK(timers.next_alarm() == at(50));
  CHECK(!timers.next_alarm());
  timers.add(at(80), [] {});
  CHECK(!timers.next_alarm()); // 50 comes first, and asks again
  const auto early = timers.add(at(20), [] {});
  CHECK(timers.next_alarm() == at(20));
  timers.cancel(early);
  CHECK(!timers.next_alarm());
  timers.on_alarm(at(20)); // for nothing
  CHECK(!timers.take_due(at(20), timers.mark()));
  CHECK(timers.next_alarm() == at(50));
  timers.on_alarm(at(50)); // the first one that was asked for
  CHECK(timers.take_due(at(50), timers.mark()));
  CHECK(timers.next_alarm() == at(80));
  timers.on_alarm(at(50)); // the second: 80 is set already
  CHECK(!timers.next_alarm());
}

TEST_CASE("timers of one moment run in the order in which they were added, and a cancelled one does not") {
  timer_queue timers;
  std::vector<int> ran;
  timers.add(at(5), [&] { ran.push_back(1); });
  timers.add(at(4), [&] { ran.push_back(0); });
  const auto gone = timers.add(at(5), [&] { ran.push_back(9); });
  timers.add(at(5), [&] { ran.push_back(2); });
  timers.add(at(6), [&] { ran.push_back(3); });
  timers.cancel(gone);
  timers.cancel(gone);
  while (auto run = timers.take_due(at(5), timers.mark()))
    run();
  CHECK(ran == std::vector{0, 1, 2});
  CHECK(timers.size() == 1);
}

TEST_CASE("a timer that sets itself anew at once leaves room for others") {
  timer_queue timers;
  int runs = 0;
  std::function<void()> again = [&] {
    ++runs;
    timers.add(at(0), again);
  };
  timers.add(at(0), again);
  CHECK(timers.next_alarm() == at(0));
  timers.on_alarm(at(0));
  for (const auto mark = timers.mark(); auto run = timers.take_due(at(0), mark);)
    run();
  CHECK(runs == 1);
  CHECK(timers.next_alarm() == at(0));
}

TEST_CASE("each timer runs at its moment, whatever is added and cancelled, and only alarms that were asked for wake") {
  for (unsigned seed = 1; seed <= 200; ++seed) {
    CAPTURE(seed);
    std::mt19937 random(seed);
    timer_queue timers;
    std::multimap<timer_queue::time_point, int> alarms;
    std::map<uint64_t, timer_queue::time_point> live;
    const auto arm = [&] {
      if (const auto next = timers.next_alarm())
        alarms.emplace(*next, 0);
    };
    int now = 0;
    for (int step = 0; step < 300; ++step) {
      if (random() % 3 != 0) {
        const auto due = at(now + 1 + static_cast<int>(random() % 40));
        auto id = std::make_shared<uint64_t>();
        *id = timers.add(due, [&, id] {
          REQUIRE(live.at(*id) == at(now));
          live.erase(*id);
        });
        live.emplace(*id, due);
      } else if (!live.empty()) {
        const auto victim = std::next(live.begin(), random() % live.size());
        timers.cancel(victim->first);
        live.erase(victim);
      }
      arm();
      if (random() % 4 != 0)
        continue;
      ++now;
      while (!alarms.empty() && alarms.begin()->first <= at(now)) {
        timers.on_alarm(alarms.begin()->first);
        alarms.erase(alarms.begin());
        for (const auto mark = timers.mark(); auto run = timers.take_due(at(now), mark);)
          run();
        arm();
      }
      for (const auto& [id, due] : live)
        REQUIRE(due > at(now));
    }
    CHECK(timers.size() == live.size());
  }
}
