#include "runtime/telemetry/ticks.hpp"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace runtime::telemetry {

#if defined(__x86_64__)

namespace {

constexpr uint64_t calibration_ns = 500'000;
constexpr int reading_attempts = 5;

bool has_invariant_counter() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid(0x80000007, &a, &b, &c, &d) != 0 && (d & (1u << 8)) != 0;
}

/// Both clocks at the same moment: the attempt that was interrupted least.
struct reading {
  uint64_t ticks = 0;
  uint64_t ns = 0;
};

template <class Now>
reading read_both(Now now_ns) {
  reading best;
  auto best_gap = ~uint64_t{0};
  for (int i = 0; i < reading_attempts; ++i) {
    auto before = __rdtsc();
    auto ns = now_ns();
    auto gap = __rdtsc() - before;
    if (gap < best_gap) {
      best_gap = gap;
      best = {before + gap / 2, ns};
    }
  }
  return best;
}

} // namespace

tick_clock::tick_clock() {
  if (!has_invariant_counter())
    return;
  auto first = read_both(steady_ns);
  while (steady_ns() - first.ns < calibration_ns) {
  }
  auto last = read_both(steady_ns);
  if (last.ticks <= first.ticks || last.ns <= first.ns)
    return; // no counter to trust
  counter_ = true;
  ns_per_tick_ = static_cast<double>(last.ns - first.ns) / static_cast<double>(last.ticks - first.ticks);
}

#else

tick_clock::tick_clock() = default;

#endif

const tick_clock& tick_clock::get() {
  static const tick_clock result;
  return result;
}

} // namespace runtime::telemetry
