// Takeovers that did not succeed: when they are tried again, and with which epoch.
#include "actors/keeper/takeover_attempts.hpp"

#include <catch2/catch.hpp>

using actors::keeper::takeover_attempts;

namespace {

constexpr int64_t ms = 1'000;
const std::string role = "scheduler";

} // namespace

TEST_CASE("a takeover is above every epoch that was seen") {
  takeover_attempts attempts;
  CHECK(attempts.next_epoch(role, 1) == 1);
  attempts.succeeded(role);
  attempts.saw(role, 7);
  attempts.saw(role, 5);
  CHECK(attempts.next_epoch(role, 2) == 8);
}

TEST_CASE("one that got no answer is repeated with the same epoch, less and less often") {
  takeover_attempts attempts;
  attempts.saw(role, 3);
  int64_t now = 0;
  int tries = 0;
  for (const auto end = 60'000 * ms; now < end; now += 50 * ms) {
    if (!attempts.may_try(role, 9, now))
      continue;
    ++tries;
    CHECK(attempts.next_epoch(role, 9) == 4);
    attempts.failed(role, false, now);
  }
  CHECK(tries > 30);
  CHECK(tries < 40); // of a minute: at first after 50 ms, in the end each two seconds
  CHECK_FALSE(attempts.may_try(role, 9, now));
  SECTION("at once when the Role has changed") {
    CHECK(attempts.may_try(role, 10, now));
    CHECK(attempts.next_epoch(role, 10) == 5);
  }
  SECTION("at once when something came that may have been missing") {
    attempts.try_at_once();
    CHECK(attempts.may_try(role, 9, now));
  }
  SECTION("with another epoch when a higher one was seen") {
    attempts.saw(role, 11);
    CHECK(attempts.next_epoch(role, 9) == 12);
  }
}

TEST_CASE("one that is refused on an unchanged Role looks for the shards' epoch in strides that are bounded") {
  takeover_attempts attempts;
  int64_t now = 0, epoch = 0;
  int tries = 0;
  while (epoch <= 1'000) {
    epoch = attempts.next_epoch(role, 9);
    attempts.failed(role, true, now);
    ++tries;
  }
  CHECK(tries <= 12);
  for (int i = 0; i < 10'000; ++i) {
    const auto next = attempts.next_epoch(role, 9);
    CHECK(next > epoch);
    CHECK(next - epoch <= takeover_attempts::stride_max);
    epoch = next;
    attempts.failed(role, true, now);
  }
}

TEST_CASE("after a success the next failure begins anew") {
  takeover_attempts attempts;
  for (int i = 0; i < 8; ++i) {
    attempts.next_epoch(role, 1);
    attempts.failed(role, false, 0);
  }
  CHECK_FALSE(attempts.may_try(role, 1, 1'000 * ms));
  attempts.succeeded(role);
  attempts.next_epoch(role, 2);
  attempts.failed(role, false, 0);
  CHECK(attempts.may_try(role, 2, 50 * ms));
}
