// The work queue.
#include "actors/controllers/framework/work_queue.hpp"

#include <algorithm>

namespace actors::controllers::framework {

void work_queue::add(const std::string& key) {
  if (syncing_.contains(key)) {
    dirty_.insert(key);
    return;
  }
  if (queued_.insert(key).second)
    ready_.push_back(key);
}

void work_queue::add_at(const std::string& key, int64_t due_us) {
  const auto found = due_.find(key);
  if (found != due_.end()) {
    if (found->second <= due_us)
      return;
    const auto range = by_due_.equal_range(found->second);
    for (auto at = range.first; at != range.second; ++at)
      if (at->second == key) {
        by_due_.erase(at);
        break;
      }
  }
  due_[key] = due_us;
  by_due_.emplace(due_us, key);
}

void work_queue::promote(int64_t now_us) {
  while (!by_due_.empty() && by_due_.begin()->first <= now_us) {
    const std::string key = std::move(by_due_.begin()->second);
    by_due_.erase(by_due_.begin());
    due_.erase(key);
    add(key);
  }
}

std::optional<std::string> work_queue::take(int64_t now_us) {
  promote(now_us);
  if (ready_.empty())
    return std::nullopt;
  std::string key = std::move(ready_.front());
  ready_.pop_front();
  queued_.erase(key);
  syncing_.insert(key);
  return key;
}

void work_queue::done(const std::string& key) {
  failures_.erase(key);
  syncing_.erase(key);
  if (dirty_.erase(key) > 0)
    add(key);
}

void work_queue::postpone(const std::string& key, int64_t due_us) {
  syncing_.erase(key);
  dirty_.erase(key);
  add_at(key, due_us);
}

int64_t work_queue::failed(const std::string& key, int64_t now_us) {
  constexpr int doublings_max = 20;
  const int count = failures_[key]++;
  const int64_t delay = std::min(retry_delay_min_us << std::min(count, doublings_max), retry_delay_max_us);
  syncing_.erase(key);
  if (dirty_.erase(key) > 0) {
    add(key); // what made it fail may just have changed
    return 0;
  }
  add_at(key, now_us + delay);
  return delay;
}

std::optional<int64_t> work_queue::next_due() const {
  if (by_due_.empty())
    return std::nullopt;
  return by_due_.begin()->first;
}

} // namespace actors::controllers::framework
