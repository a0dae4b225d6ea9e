// A clock that follows an actor system's own clock: under CAF's test coordinator, time passes exactly
// when the simulation triggers a timeout. The actor system must outlive it.
#pragma once

#include "runtime/seams/clock.hpp"

#include <caf/actor_clock.hpp>
#include <caf/actor_system.hpp>

namespace runtime::seams {

class actor_clock final : public clock {
public:
  actor_clock(caf::actor_system& system, int64_t wall_start_us)
    : clock_(system.clock()), start_us_(us()), wall_start_us_(wall_start_us) {
  }

  int64_t wall_us() const override {
    return wall_start_us_ + (us() - start_us_);
  }

  int64_t monotonic_us() const override {
    return us();
  }

private:
  int64_t us() const {
    using namespace std::chrono;
    return duration_cast<microseconds>(clock_.now().time_since_epoch()).count();
  }

  caf::actor_clock& clock_;
  int64_t start_us_;
  int64_t wall_start_us_;
};

} // namespace runtime::seams
