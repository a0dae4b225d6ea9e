// Clock and random source: the system's and the test's.
#include "runtime/seams/actor_clock.hpp"
#include "runtime/seams/clock.hpp"
#include "runtime/seams/random.hpp"

#include "tests/unit/runtime/test_system.hpp"

#include <catch2/catch.hpp>

#include <set>

using namespace runtime::seams;

TEST_CASE("a manual clock moves only when told to") {
  manual_clock clock{1'000'000};
  CHECK(clock.wall_us() == 1'000'000);
  auto start = clock.monotonic_us();
  clock.advance_us(500);
  CHECK(clock.wall_us() == 1'000'500);
  clock.set_wall_us(-1);
  CHECK(clock.wall_seconds() == -1);
  CHECK(clock.monotonic_us() == start + 500);
}

TEST_CASE("an actor clock follows the test coordinator") {
  test_system system;
  actor_clock clock{system.sys, 5'000'000};
  CHECK(clock.wall_us() == 5'000'000);
  system.scheduler().advance_time(std::chrono::seconds(2));
  CHECK(clock.wall_seconds() == 7);
}

TEST_CASE("a seeded source repeats itself, another seed differs") {
  seeded_random a{7}, b{7}, c{8};
  CHECK(a.uuid() == b.uuid());
  CHECK(a.name_suffix() == b.name_suffix());
  CHECK(a.uint64() != c.uint64());
}

TEST_CASE("uuid and suffix have their forms") {
  system_random random;
  auto id = random.uuid();
  REQUIRE(id.size() == 36);
  CHECK(id[14] == '4');
  CHECK(std::string{"89ab"}.find(id[19]) != std::string::npos);
  CHECK(random.name_suffix(5).find_first_not_of("bcdfghjklmnpqrstvwxz2456789") == std::string::npos);
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i)
    seen.insert(random.uuid());
  CHECK(seen.size() == 100);
}

TEST_CASE("below, unit and jitter stay within their bounds") {
  seeded_random random{1};
  CHECK(random.below(0) == 0);
  for (int i = 0; i < 1000; ++i) {
    CHECK(random.below(3) < 3);
    CHECK(random.unit() < 1.0);
    auto value = random.jitter(1000, 0.1);
    CHECK(value >= 900);
    CHECK(value <= 1100);
  }
}
