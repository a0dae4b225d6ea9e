// Whether a link works in both directions, and how fast: from the times of frames, pings and pongs. Pure; the clock
// is the caller's (monotonic microseconds).
//
// The other side's frames prove that it reaches us; its pongs prove that we reach it. Either one missing for
// `silence_us_max` means that the link is lost: a frozen peer, a cut, a one-way cut.
#pragma once

#include <cstdint>
#include <deque>
#include <string>

namespace runtime::mesh {

constexpr int64_t ping_period_us = 500'000;
constexpr int64_t silence_us_max = 2'000'000;
/// A link whose round trips take longer than the first is slow, until they take less than the second.
constexpr int64_t slow_above_us = 250'000;
constexpr int64_t fast_below_us = 150'000;
/// So many round trips in a row change the verdict.
constexpr int slow_count = 2;

class link_health {
public:
  explicit link_health(int64_t now_us);

  void on_frame(int64_t now_us);
  /// True once per period: a ping is due. It must be sent with the sequence() that follows.
  bool ping_due(int64_t now_us);
  /// One more, before its time. It must be sent with the sequence() that follows.
  void begin_ping(int64_t now_us);
  uint64_t sequence() const {
    return sequence_;
  }
  void on_pong(uint64_t sequence, int64_t now_us);

  /// Empty while the link lives, else why it is lost.
  std::string lost(int64_t now_us) const;
  bool slow() const {
    return slow_;
  }
  /// Of the newest answered ping, or the age of the oldest unanswered one when that is longer; 0: not known yet.
  int64_t round_trip_us(int64_t now_us) const;

private:
  struct sent_ping {
    uint64_t sequence;
    int64_t at_us;
  };

  void judge(int64_t round_trip_us);

  int64_t last_frame_us_;
  int64_t last_answered_us_; // when the newest answered ping was sent
  int64_t last_ping_us_;
  uint64_t sequence_ = 0;
  std::deque<sent_ping> unanswered_; // bounded: a link with so many is lost before
  int64_t round_trip_us_ = 0;
  int streak_ = 0; // round trips in a row that speak against the present verdict
  bool slow_ = false;
};

} // namespace runtime::mesh
