// Whether a version that was swapped in may stay. Pure: the actor hands in what it counted.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace runtime::hotswap {

struct probation_rules {
  int64_t duration_us = 30'000'000;
  /// A backlog below this is no sign of anything.
  uint64_t backlog_min = 100;
  /// It falls behind when its backlog is so many times the one before the swap ...
  uint64_t backlog_factor = 4;
  /// ... and has not shrunk over so many samples in a row.
  size_t growing_samples = 4;
  /// It stands still when keys wait and it finished nothing for so long.
  int64_t stalled_us = 5'000'000;
  /// Fewer decisions say nothing about the rate of failures.
  uint64_t decisions_min = 10;
  /// It fails too often at more than so many percent above the rate before the swap.
  uint64_t failures_percent_above = 20;
};

/// The most that an operator may ask for.
constexpr std::chrono::milliseconds probation_max = std::chrono::hours{24};

/// What the version before did.
struct baseline {
  uint64_t backlog = 0;
  uint64_t decisions = 0;
  uint64_t failures = 0;
  bool threw = false; ///< it threw, too: an exception is then a failure like any other
};

/// Totals since the swap.
struct sample {
  int64_t at_us = 0; ///< since the swap
  uint64_t backlog = 0;  ///< messages and keys that wait
  uint64_t keys = 0;     ///< of these, keys
  uint64_t decisions = 0;
  uint64_t failures = 0;
  /// The API is there and the role may write; otherwise what it does not get done is not its fault.
  bool able = true;
};

enum class verdict : uint8_t { go_on, settle, roll_back };

struct judgement {
  verdict what = verdict::go_on;
  std::string reason;
};

/// How often to take a sample.
int64_t sample_period_us(const probation_rules& rules);
/// How many samples judge() needs; older ones may be dropped.
size_t samples_max(const probation_rules& rules);

/// `samples`: oldest first. `exception`: what the version threw, "" for nothing.
judgement judge(const probation_rules& rules, const baseline& before, const std::vector<sample>& samples,
                const std::string& exception);

/// What the last one to two minutes brought.
class recent_counts {
public:
  static constexpr int64_t window_us = 60'000'000;

  void add(int64_t now_us, bool failed, bool threw);
  baseline read(int64_t now_us) const;

private:
  void turn(int64_t now_us);

  baseline before_, current_;
  int64_t since_us_ = 0; // of current_
};

} // namespace runtime::hotswap
