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

std::vector<queued_key> work_queue::keys() const {
  std::vector<queued_key> result;
  std::unordered_map<std::string_view, size_t> at;
  const auto of = [&](const std::string& key) -> queued_key& {
    const auto [found, added] = at.emplace(key, result.size());
    if (added)
      result.push_back({.key = key});
    return result[found->second];
  };
  for (const auto& key : ready_)
    of(key).ready = true;
  for (const auto& key : syncing_) {
    of(key).syncing = true;
    of(key).dirty = dirty_.contains(key);
  }
  for (const auto& [key, due_us] : due_) {
    of(key).delayed = true;
    of(key).due_us = due_us;
  }
  for (const auto& [key, count] : failures_)
    of(key).failures = count;
  return result;
}

work_queue work_queue::of(const std::vector<queued_key>& keys) {
  work_queue result;
  for (const auto& item : keys) {
    if (item.ready)
      result.add(item.key);
    if (item.syncing)
      result.syncing_.insert(item.key);
    if (item.dirty)
      result.dirty_.insert(item.key);
    if (item.delayed)
      result.add_at(item.key, item.due_us);
    if (item.failures > 0)
      result.failures_[item.key] = item.failures;
  }
  return result;
}

} // namespace actors::controllers::framework
