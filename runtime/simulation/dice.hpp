// One stream of a seed's random choices; each purpose has its own, so that another fault does not change the workload.
#pragma once

#include <cstdint>
#include <random>

namespace runtime::simulation {

class dice {
public:
  dice(uint64_t seed, uint64_t purpose) : engine_(seed * 0x9e3779b97f4a7c15ull + purpose) {
  }
  uint64_t next() {
    return engine_();
  }
  /// In [0, bound); 0 when bound is 0. The same on every machine, unlike std's distributions.
  uint64_t below(uint64_t bound) {
    return bound == 0 ? 0 : engine_() % bound;
  }
  /// In [low, high].
  int64_t between(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(below(static_cast<uint64_t>(high - low) + 1));
  }
  /// True in `percent` of 100 throws.
  bool chance(uint64_t percent) {
    return below(100) < percent;
  }

private:
  std::mt19937_64 engine_;
};

} // namespace runtime::simulation
