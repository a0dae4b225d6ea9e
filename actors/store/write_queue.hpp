// Requests that wait for the batch in front of them: bounded, first in first out, taken in batches that fit
// one transaction. Pure; owned by the shard actor.
#pragma once

#include "actors/store/limits.hpp"

#include <deque>
#include <utility>
#include <vector>

namespace actors::store {

template <class Request>
class write_queue {
public:
  explicit write_queue(const limits& bounds) : bounds_(bounds) {}

  // False: full, the request was not taken. An empty queue takes any single request.
  bool push(Request request, size_t writes, size_t bytes) {
    const bool fits =
      writes_ + writes <= bounds_.pending_writes_max && bytes_ + bytes <= bounds_.pending_bytes_max;
    if (!fits && !waiting_.empty())
      return false;
    waiting_.push_back({std::move(request), writes, bytes});
    writes_ += writes;
    bytes_ += bytes;
    return true;
  }

  // The oldest requests that fit one transaction together, at least one unless the queue is empty.
  std::vector<Request> take_batch() {
    std::vector<Request> batch;
    size_t writes = 0;
    size_t bytes = 0;
    while (!waiting_.empty()) {
      auto& next = waiting_.front();
      const bool fits =
        writes + next.writes <= bounds_.batch_writes_max && bytes + next.bytes <= bounds_.batch_bytes_max;
      if (!fits && !batch.empty())
        break;
      writes += next.writes;
      bytes += next.bytes;
      batch.push_back(std::move(next.request));
      waiting_.pop_front();
    }
    writes_ -= writes;
    bytes_ -= bytes;
    return batch;
  }

  bool empty() const { return waiting_.empty(); }
  size_t writes() const { return writes_; }
  size_t bytes() const { return bytes_; }

private:
  struct entry {
    Request request;
    size_t writes;
    size_t bytes;
  };

  limits bounds_;
  std::deque<entry> waiting_;
  size_t writes_ = 0;
  size_t bytes_ = 0;
};

} // namespace actors::store
