#include "runtime/seams/clock.hpp"

#include <cassert>
#include <chrono>

namespace runtime::seams {

namespace {

constexpr int64_t us_per_second = 1'000'000;

template <class Clock>
int64_t us_of() {
  using namespace std::chrono;
  return duration_cast<microseconds>(Clock::now().time_since_epoch()).count();
}

} // namespace

int64_t clock::wall_seconds() const {
  auto us = wall_us();
  return us >= 0 ? us / us_per_second : -((-us + us_per_second - 1) / us_per_second);
}

int64_t system_clock::wall_us() const {
  return us_of<std::chrono::system_clock>();
}

int64_t system_clock::monotonic_us() const {
  return us_of<std::chrono::steady_clock>();
}

manual_clock::manual_clock(int64_t wall_us) : wall_(wall_us) {
}

int64_t manual_clock::wall_us() const {
  return wall_.load();
}

int64_t manual_clock::monotonic_us() const {
  return monotonic_.load();
}

void manual_clock::advance_us(int64_t amount) {
  assert(amount >= 0);
  wall_.fetch_add(amount);
  monotonic_.fetch_add(amount);
}

void manual_clock::set_wall_us(int64_t value) {
  wall_.store(value);
}

} // namespace runtime::seams
