// A simulated host's clock: time passes with the simulation, and its wall clock jumps when a fault says so.
#pragma once

#include "runtime/seams/actor_clock.hpp"

namespace runtime::simulation {

class host_clock final : public seams::clock {
public:
  host_clock(caf::actor_system& system, int64_t wall_start_us) : common_(system, wall_start_us) {
  }
  int64_t wall_us() const override {
    return common_.wall_us() + offset_us_;
  }
  int64_t monotonic_us() const override {
    return common_.monotonic_us();
  }
  /// Sets the wall clock forward or back, as an operator or NTP does.
  void jump_us(int64_t amount) {
    offset_us_ += amount;
  }

private:
  seams::actor_clock common_;
  int64_t offset_us_ = 0;
};

} // namespace runtime::simulation
