// When a new version stays, and why one is rolled back.
#include "runtime/hotswap/probation.hpp"

#include <catch2/catch.hpp>

using namespace runtime::hotswap;

namespace {

constexpr int64_t second = 1'000'000;

/// One sample a second with these backlogs.
std::vector<sample> with_backlogs(std::vector<uint64_t> backlogs, bool able = true) {
  std::vector<sample> result;
  for (const auto backlog : backlogs)
    result.push_back({.at_us = static_cast<int64_t>(result.size() + 1) * second,
                      .backlog = backlog,
                      .keys = backlog,
                      .decisions = result.size(),
                      .able = able});
  return result;
}

verdict verdict_of(const std::vector<sample>& samples, const baseline& before = {}, const std::string& exception = {}) {
  return judge({}, before, samples, exception).what;
}

} // namespace

TEST_CASE("a version that does its work is settled at the end of its probation, not before") {
  CHECK(verdict_of({}) == verdict::go_on);
  CHECK(verdict_of({{.at_us = 29 * second, .decisions = 5}}) == verdict::go_on);
  CHECK(verdict_of({{.at_us = 30 * second, .decisions = 5}}) == verdict::settle);
  CHECK(verdict_of({{.at_us = 30 * second}}) == verdict::settle);
}

TEST_CASE("an exception ends a probation, unless the version before threw, too") {
  const auto judged = judge({}, {}, {}, "no such pod");
  CHECK(judged.what == verdict::roll_back);
  CHECK(judged.reason == "it threw: no such pod");
  CHECK(verdict_of({{.at_us = second}}, {.threw = true}, "no such pod") == verdict::go_on);
}

TEST_CASE("a large backlog that does not stop growing is falling behind") {
  CHECK(verdict_of(with_backlogs({50, 150, 250, 350})) == verdict::roll_back);
  CHECK(verdict_of(with_backlogs({50, 150, 140, 350})) == verdict::go_on); // it shrank once
  CHECK(verdict_of(with_backlogs({350, 350, 350, 350})) == verdict::go_on);
  CHECK(verdict_of(with_backlogs({10, 20, 30, 40})) == verdict::go_on); // too small to say anything
  CHECK(verdict_of(with_backlogs({150, 250, 350})) == verdict::go_on);  // too few samples
}

TEST_CASE("a swap makes every object look new, which is no falling behind") {
  CHECK(verdict_of(with_backlogs({9000, 7000, 4000, 2000, 100, 0})) == verdict::go_on);
}

TEST_CASE("what the version before had waiting counts") {
  CHECK(verdict_of(with_backlogs({500, 600, 700, 800}), {.backlog = 300}) == verdict::go_on);
  CHECK(verdict_of(with_backlogs({500, 900, 1200, 1300}), {.backlog = 300}) == verdict::roll_back);
}

TEST_CASE("without an API nothing is the version's fault") {
  CHECK(verdict_of(with_backlogs({50, 150, 250, 350}, false)) == verdict::go_on);
}

TEST_CASE("keys that wait while nothing is finished mean that it stands still") {
  std::vector<sample> samples;
  for (int i = 1; i <= 5; ++i)
    samples.push_back({.at_us = i * second, .backlog = 3, .keys = 3, .decisions = 7});
  CHECK(verdict_of(samples) == verdict::go_on);
  samples.push_back({.at_us = 6 * second, .backlog = 3, .keys = 3, .decisions = 7});
  const auto judged = judge({}, {}, samples, {});
  CHECK(judged.what == verdict::roll_back);
  CHECK(judged.reason == "it stands still: 3 keys wait and none was finished in 5 s");
  samples.back().decisions = 8;
  CHECK(verdict_of(samples) == verdict::go_on);
  for (auto& item : samples)
    item.keys = 0; // only messages wait: other events than its keys'
  samples.back().decisions = 7;
  CHECK(verdict_of(samples) == verdict::go_on);
}

TEST_CASE("failing more often than the version before ends a probation") {
  CHECK(verdict_of({{.at_us = second, .decisions = 10, .failures = 3}}) == verdict::roll_back);
  CHECK(verdict_of({{.at_us = second, .decisions = 10, .failures = 2}}) == verdict::go_on);
  CHECK(verdict_of({{.at_us = second, .decisions = 9, .failures = 9}}) == verdict::go_on); // too few
  CHECK(verdict_of({{.at_us = second, .decisions = 10, .failures = 5}}, {.decisions = 100, .failures = 40}) == verdict::go_on);
}

TEST_CASE("samples are taken often enough for short probations and seldom for long ones") {
  CHECK(sample_period_us({.duration_us = second}) == 50'000);
  CHECK(sample_period_us({.duration_us = 30 * second}) == 750'000);
  CHECK(sample_period_us({.duration_us = 3600 * second}) == second);
  CHECK(samples_max({.duration_us = 30 * second}) == 8);
}

TEST_CASE("the rate before the swap is that of the last minutes") {
  recent_counts counts;
  for (int i = 0; i < 10; ++i)
    counts.add(i * second, i < 4, i == 0);
  auto read = counts.read(20 * second);
  CHECK(read.decisions == 10);
  CHECK(read.failures == 4);
  CHECK(read.threw);
  counts.add(70 * second, false, false);
  CHECK(counts.read(70 * second).decisions == 11);
  counts.add(140 * second, false, false);
  read = counts.read(140 * second);
  CHECK(read.decisions == 2);
  CHECK_FALSE(read.threw);
  CHECK(counts.read(600 * second).decisions == 0);
}
