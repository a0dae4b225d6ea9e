#include "runtime/mesh/link_health.hpp"

#include <algorithm>

namespace runtime::mesh {

namespace {

constexpr size_t unanswered_max = 16;

std::string seconds(int64_t us) {
  return std::to_string(us / 1'000'000) + "." + std::to_string(us / 100'000 % 10) + " s";
}

} // namespace

link_health::link_health(int64_t now_us)
  : last_frame_us_(now_us), last_answered_us_(now_us), last_ping_us_(now_us - ping_period_us) {
}

void link_health::on_frame(int64_t now_us) {
  last_frame_us_ = now_us;
}

bool link_health::ping_due(int64_t now_us) {
  if (now_us - last_ping_us_ < ping_period_us)
    return false;
  begin_ping(now_us);
  return true;
}

void link_health::begin_ping(int64_t now_us) {
  last_ping_us_ = now_us;
  unanswered_.push_back({++sequence_, now_us});
  if (unanswered_.size() > unanswered_max)
    unanswered_.pop_front();
}

void link_health::on_pong(uint64_t sequence, int64_t now_us) {
  while (!unanswered_.empty() && unanswered_.front().sequence <= sequence) {
    if (unanswered_.front().sequence == sequence) {
      last_answered_us_ = unanswered_.front().at_us;
      round_trip_us_ = std::max<int64_t>(1, now_us - last_answered_us_);
      judge(round_trip_us_);
    }
    unanswered_.pop_front();
  }
}

void link_health::judge(int64_t round_trip_us) {
  bool against = slow_ ? round_trip_us < fast_below_us : round_trip_us > slow_above_us;
  streak_ = against ? streak_ + 1 : 0;
  if (streak_ < slow_count)
    return;
  slow_ = !slow_;
  streak_ = 0;
}

std::string link_health::lost(int64_t now_us) const {
  auto silent = now_us - last_frame_us_;
  auto unseen = now_us - last_answered_us_;
  if (silent <= silence_us_max && unseen <= silence_us_max)
    return {};
  // A peer that is silent does not answer pings either: that it is heard is told only when it is.
  if (silent > 2 * ping_period_us)
    return "nothing heard for " + seconds(silent);
  return "heard, but none of our pings answered for " + seconds(unseen);
}

int64_t link_health::round_trip_us(int64_t now_us) const {
  auto waiting = unanswered_.empty() ? 0 : now_us - unanswered_.front().at_us;
  return round_trip_us_ == 0 ? 0 : std::max(round_trip_us_, waiting);
}

} // namespace runtime::mesh
