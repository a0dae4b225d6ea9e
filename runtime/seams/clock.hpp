// Time as a seam: actors and decisions read it here, so that a simulation can own it.
// Thread-safe; the host or the simulation owns one instance and roles share it.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

namespace runtime::seams {

class clock {
public:
  virtual ~clock() = default;

  /// Microseconds since 1970-01-01 UTC. May jump when the operator sets the machine's clock.
  virtual int64_t wall_us() const = 0;

  /// Microseconds since an arbitrary start. Never goes back; the one to measure durations with.
  virtual int64_t monotonic_us() const = 0;

  /// Seconds since 1970-01-01 UTC, rounded down: what the API's times are made of.
  int64_t wall_seconds() const;
};

using clock_ptr = std::shared_ptr<const clock>;

/// The machine's clocks.
class system_clock final : public clock {
public:
  int64_t wall_us() const override;
  int64_t monotonic_us() const override;
};

/// A clock that moves only when told to: for tests and simulations.
class manual_clock final : public clock {
public:
  explicit manual_clock(int64_t wall_us = 1'767'225'600'000'000 /* 2026-01-01 */);
  int64_t wall_us() const override;
  int64_t monotonic_us() const override;

  /// Moves both clocks forward.
  void advance_us(int64_t amount);
  /// Sets the wall clock alone, as an operator or NTP does.
  void set_wall_us(int64_t value);

private:
  std::atomic<int64_t> wall_;
  std::atomic<int64_t> monotonic_{1'000'000};
};

} // namespace runtime::seams
