#include "runtime/hotswap/probation.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace runtime::hotswap {

namespace {

constexpr int64_t period_min_us = 50'000;
constexpr int64_t period_max_us = 1'000'000;
constexpr int64_t samples_in_probation = 40;

uint64_t percent(uint64_t part, uint64_t whole) {
  return whole == 0 ? 0 : part * 100 / whole;
}

/// Its backlog is large, and has not shrunk over the last samples.
bool falls_behind(const probation_rules& rules, const baseline& before, const std::vector<sample>& samples) {
  if (samples.size() < rules.growing_samples)
    return false;
  const auto first = samples.end() - static_cast<std::ptrdiff_t>(rules.growing_samples);
  const bool able = std::all_of(first, samples.end(), [](const auto& item) { return item.able; });
  const bool growing =
    std::is_sorted(first, samples.end(), [](const auto& a, const auto& b) { return a.backlog < b.backlog; })
    && samples.back().backlog > first->backlog;
  const auto limit = std::max(rules.backlog_min, before.backlog * rules.backlog_factor);
  return able && growing && samples.back().backlog > limit;
}

/// Since when it has had work and finished none of it; nullptr: it has not.
const sample* stands_still_since(const std::vector<sample>& samples) {
  const sample* since = nullptr;
  for (auto at = samples.rbegin(); at != samples.rend(); ++at) {
    if (!at->able || at->keys == 0 || at->decisions != samples.back().decisions)
      break;
    since = &*at;
  }
  return since;
}

} // namespace

int64_t sample_period_us(const probation_rules& rules) {
  return std::clamp(rules.duration_us / samples_in_probation, period_min_us, period_max_us);
}

size_t samples_max(const probation_rules& rules) {
  return std::max(rules.growing_samples, static_cast<size_t>(rules.stalled_us / sample_period_us(rules)) + 2);
}

judgement judge(const probation_rules& rules, const baseline& before, const std::vector<sample>& samples,
                const std::string& exception) {
  if (!exception.empty() && !before.threw)
    return {verdict::roll_back, "it threw: " + exception};
  if (samples.empty())
    return {};
  const auto& now = samples.back();
  if (falls_behind(rules, before, samples))
    return {verdict::roll_back, fmt::format("it falls behind: {} keys and messages wait and their number grows, {} did before it",
                                            now.backlog, before.backlog)};
  if (const auto* since = stands_still_since(samples); since != nullptr && now.at_us - since->at_us >= rules.stalled_us)
    return {verdict::roll_back, fmt::format("it stands still: {} keys wait and none was finished in {} s", now.keys,
                                            (now.at_us - since->at_us) / 1'000'000)};
  const auto rate = percent(now.failures, now.decisions);
  const auto rate_before = percent(before.failures, before.decisions);
  if (now.decisions >= rules.decisions_min && rate > rate_before + rules.failures_percent_above)
    return {verdict::roll_back, fmt::format("{} of its {} decisions failed ({} %, {} % before it)", now.failures,
                                            now.decisions, rate, rate_before)};
  if (now.at_us >= rules.duration_us)
    return {verdict::settle, {}};
  return {};
}

void recent_counts::turn(int64_t now_us) {
  if (now_us - since_us_ < window_us)
    return;
  before_ = now_us - since_us_ < 2 * window_us ? current_ : baseline{};
  current_ = {};
  since_us_ = now_us;
}

void recent_counts::add(int64_t now_us, bool failed, bool threw) {
  turn(now_us);
  ++current_.decisions;
  current_.failures += failed ? 1 : 0;
  current_.threw |= threw;
}

baseline recent_counts::read(int64_t now_us) const {
  auto copy = *this;
  copy.turn(now_us);
  return {.decisions = copy.before_.decisions + copy.current_.decisions,
          .failures = copy.before_.failures + copy.current_.failures,
          .threw = copy.before_.threw || copy.current_.threw};
}

} // namespace runtime::hotswap
