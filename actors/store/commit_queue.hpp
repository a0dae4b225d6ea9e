// The queue between the shard actor, which fills it, and its committer, which takes the next batch from it
// the moment a sync returns: a way through the shard's mailbox would leave the disk idle for two thread
// switches per batch. Thread-safe; shared by the two.
#pragma once

#include "actors/store/conversion.hpp"
#include "actors/store/write_queue.hpp"

#include <mutex>

namespace actors::store {

class commit_queue {
public:
  explicit commit_queue(const limits& bounds) : waiting_(bounds) {}

  enum class outcome : uint8_t {
    full,    // not taken
    queued,  // the committer is busy and will come for it
    wake_up, // the committer idles: tell it
  };

  outcome push(const protocol::commit_request& request) {
    std::lock_guard held(mutex_);
    if (!waiting_.push(request, request->writes()->size(), bytes_of(request)))
      return outcome::full;
    return std::exchange(idle_, false) ? outcome::wake_up : outcome::queued;
  }

  // By the committer. Empty: there is nothing, and the next push says wake_up.
  std::vector<protocol::commit_request> take_batch() {
    std::lock_guard held(mutex_);
    auto batch = waiting_.take_batch();
    idle_ = batch.empty();
    return batch;
  }

  // The shard has ended: what waits is not committed any more.
  void clear() {
    std::lock_guard held(mutex_);
    while (!waiting_.empty())
      waiting_.take_batch();
  }

  size_t writes() const {
    std::lock_guard held(mutex_);
    return waiting_.writes();
  }

private:
  mutable std::mutex mutex_;
  write_queue<protocol::commit_request> waiting_;
  bool idle_ = true;
};

} // namespace actors::store
