// How far one watcher is, and whether it may be sent more. Pure; the shard actor has one per watcher.
#pragma once

#include "actors/store/limits.hpp"
#include "storage/engine.hpp"

#include <deque>

namespace actors::store {

class watch_window {
public:
  explicit watch_window(storage::revision after = 0) : sent_(after) {}

  // Everything up to here is on its way.
  storage::revision sent() const { return sent_; }

  bool may_send(const limits& bounds) const { return in_flight_.size() < bounds.watch_window_max; }

  // `current` is the engine's newest revision at this moment.
  void on_sent(storage::revision to, storage::revision current) {
    sent_ = to;
    in_flight_.push_back({to, current});
  }

  // Acknowledgements cover everything before them; late and made-up ones change nothing.
  void on_acknowledged(storage::revision to) {
    while (!in_flight_.empty() && in_flight_.front().to <= to)
      in_flight_.pop_front();
  }

  // Too much was written since its oldest unacknowledged message was sent. A watcher that starts far behind
  // and acknowledges is no laggard.
  bool lags(storage::revision current, const limits& bounds) const {
    return !in_flight_.empty() && current - in_flight_.front().current > bounds.watch_backlog_max;
  }

private:
  struct message {
    storage::revision to;
    storage::revision current;
  };

  storage::revision sent_;
  std::deque<message> in_flight_;
};

} // namespace actors::store
