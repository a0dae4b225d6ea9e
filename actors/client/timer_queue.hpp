// An actor's timers over few alarms. CAF's clock is one thread for the whole process that wakes at each timer that is set, which
// was a sixth of what a hollow cluster costs; most timers are deadlines that are far away and cancelled in time, and need no
// alarm of their own while an earlier one is set.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <unordered_map>

namespace actors::client {

class timer_queue {
public:
  using time_point = std::chrono::steady_clock::time_point;
  using callback = std::function<void()>;

  /// Its id, which cancels it. Timers of one moment run in the order in which they were added.
  uint64_t add(time_point due, callback run);
  void cancel(uint64_t id);
  /// Removes the first timer that is due; null: none is. `added_before`: a mark(), so that timers that set each other anew at once
  /// leave room for other work.
  callback take_due(time_point now, uint64_t added_before);
  uint64_t mark() const { return next_id_; }

  /// When the caller has to set an alarm: earlier than those that are set. Nothing: one of them comes in time.
  std::optional<time_point> next_alarm();
  /// An alarm that next_alarm() asked for has gone off; call next_alarm() afterwards.
  void on_alarm(time_point alarm);

  size_t size() const { return by_time_.size(); }

private:
  std::map<std::pair<time_point, uint64_t>, callback> by_time_;
  std::unordered_map<uint64_t, time_point> due_;
  std::optional<time_point> alarm_; // the earliest that is set
  uint64_t next_id_ = 1;
};

} // namespace actors::client
