// When a link is lost, and when it is slow.
#include "runtime/mesh/link_health.hpp"

#include <catch2/catch.hpp>

using namespace runtime::mesh;

namespace {

constexpr int64_t ms = 1'000;

/// A link seen from one end, in steps of 10 ms, with a peer that answers after a round trip.
struct simulated {
  int64_t now = 1'000'000;
  link_health health{now};
  bool hears = true;    // what the peer sends arrives here
  bool reaches = true;  // what we send arrives there
  int64_t trip_us = 1 * ms;
  std::deque<std::pair<int64_t, uint64_t>> pongs; // when, which

  /// Runs until the link is lost or the time is over; returns how long that took.
  int64_t run(int64_t time_us) {
    auto begin = now;
    for (; now < begin + time_us && health.lost(now).empty(); now += 10 * ms) {
      if (health.ping_due(now) && reaches)
        pongs.emplace_back(now + trip_us, health.sequence());
      if (hears && (now - begin) % ping_period_us == 0)
        health.on_frame(now);
      while (!pongs.empty() && pongs.front().first <= now) {
        if (hears) {
          health.on_frame(now);
          health.on_pong(pongs.front().second, now);
        }
        pongs.pop_front();
      }
    }
    return now - begin;
  }
};

} // namespace

TEST_CASE("a link that answers lives") {
  simulated link;
  CHECK(link.run(60'000 * ms) == 60'000 * ms);
  CHECK(link.health.lost(link.now).empty());
  CHECK_FALSE(link.health.slow());
  CHECK(link.health.round_trip_us(link.now) <= 11 * ms);
}

TEST_CASE("a peer that falls silent is lost within 2.6 s") {
  simulated link;
  link.run(5'000 * ms);
  link.hears = link.reaches = false;
  CHECK(link.run(60'000 * ms) <= 2'600 * ms);
  CHECK(link.health.lost(link.now).find("nothing heard for ") == 0);
}

TEST_CASE("a cut in one direction is noticed at both ends") {
  simulated deaf;
  deaf.run(5'000 * ms);
  deaf.hears = false;
  CHECK(deaf.run(60'000 * ms) <= 2'600 * ms);
  simulated unheard;
  unheard.run(5'000 * ms);
  unheard.reaches = false;
  CHECK(unheard.run(60'000 * ms) <= 2'600 * ms);
  CHECK(unheard.health.lost(unheard.now).find("heard, but none of our pings answered for 2.0 s") == 0);
}

TEST_CASE("slow needs two slow round trips, and goes with two fast ones") {
  simulated link;
  link.run(3'000 * ms);
  link.trip_us = 300 * ms;
  link.run(600 * ms);
  CHECK_FALSE(link.health.slow());
  link.run(1'900 * ms);
  CHECK(link.health.slow());
  link.trip_us = 200 * ms; // between the two bounds
  link.run(5'000 * ms);
  CHECK(link.health.slow());
  link.trip_us = 20 * ms;
  link.run(2'000 * ms);
  CHECK_FALSE(link.health.slow());
}

TEST_CASE("an unknown pong changes nothing") {
  link_health health{0};
  CHECK(health.ping_due(0));
  health.on_pong(99, 5);
  CHECK(health.round_trip_us(10) == 0);
}
