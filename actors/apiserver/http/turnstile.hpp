// Lets through as much at once as it has room for; the others wait, first come, first served. Thread-safe. How many may wait is
// bounded by who asks: large bodies, whose memory has a bound of its own.
#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace actors::apiserver::http {

class turnstile : public std::enable_shared_from_this<turnstile> {
public:
  /// Whoever has it is through; its room is free again when it is destroyed.
  using pass = std::shared_ptr<void>;
  using work = std::function<void(pass)>;

  explicit turnstile(size_t room) : room_(room), free_(room) {}

  /// Calls `then` now, on this thread, or later on the thread of whoever leaves. What is larger than the room goes alone.
  void enter(size_t size, work then) {
    size = std::min(size, room_);
    {
      std::lock_guard held(mutex_);
      if (!waiting_.empty() || free_ < size) {
        waiting_.push_back({size, std::move(then)});
        return;
      }
      free_ -= size;
    }
    then(make_pass(size));
  }

  size_t waiting() const {
    std::lock_guard held(mutex_);
    return waiting_.size();
  }

private:
  struct entry {
    size_t size;
    work then;
  };

  pass make_pass(size_t size) {
    return {nullptr, [self = shared_from_this(), size](void*) { self->leave(size); }};
  }

  void leave(size_t size) {
    std::vector<entry> next;
    {
      std::lock_guard held(mutex_);
      free_ += size;
      while (!waiting_.empty() && waiting_.front().size <= free_) {
        free_ -= waiting_.front().size;
        next.push_back(std::move(waiting_.front()));
        waiting_.pop_front();
      }
    }
    for (auto& item : next)
      item.then(make_pass(item.size));
  }

  mutable std::mutex mutex_;
  std::deque<entry> waiting_;
  const size_t room_;
  size_t free_;
};

} // namespace actors::apiserver::http
