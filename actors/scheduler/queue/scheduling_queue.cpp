// The three places a waiting pod can be in.
#include "actors/scheduler/queue/scheduling_queue.hpp"

#include <algorithm>

namespace actors::scheduler::queue {

using cache::pod_info;

void scheduling_queue::insert(std::shared_ptr<const pod_info> pod, place where, int64_t due_us) {
  remove(pod->key);
  const std::string key = pod->key;
  waiting& item = pods_[key];
  item = {std::move(pod), where, due_us, next_sequence_++};
  if (where == place::active)
    active_.emplace(-static_cast<int64_t>(item.pod->priority), item.sequence, key);
  else
    due_.emplace(due_us, key);
}

void scheduling_queue::remove(const std::string& key) {
  const auto found = pods_.find(key);
  if (found == pods_.end())
    return;
  const waiting& item = found->second;
  if (item.where == place::active)
    active_.erase({-static_cast<int64_t>(item.pod->priority), item.sequence, key});
  else
    due_.erase({item.due_us, key});
  pods_.erase(found);
}

void scheduling_queue::add(std::shared_ptr<const pod_info> pod, int64_t now_us) {
  const auto tried = tried_at_.find(pod->key);
  const int64_t due = tried == tried_at_.end() ? 0 : tried->second + pause_of(pod->key);
  if (due > now_us)
    insert(std::move(pod), place::pausing, due);
  else
    insert(std::move(pod), place::active, 0);
}

int64_t scheduling_queue::pause_of(const std::string& key) const {
  constexpr int doublings_max = 10;
  const auto found = attempts_.find(key);
  const int count = found == attempts_.end() ? 0 : std::min(found->second - 1, doublings_max);
  return count < 0 ? 0 : std::min(pause_min_us << count, pause_max_us);
}

void scheduling_queue::promote(int64_t now_us) {
  while (!due_.empty() && due_.begin()->first <= now_us) {
    const auto found = pods_.find(due_.begin()->second);
    insert(found->second.pod, place::active, 0);
  }
}

std::shared_ptr<const pod_info> scheduling_queue::take(int64_t now_us) {
  promote(now_us);
  if (active_.empty())
    return nullptr;
  const std::string key = std::get<2>(*active_.begin());
  auto pod = pods_.find(key)->second.pod;
  remove(key);
  ++attempts_[key];
  tried_at_[key] = now_us;
  return pod;
}

void scheduling_queue::put_aside(std::shared_ptr<const pod_info> pod, int64_t now_us) {
  insert(std::move(pod), place::aside, now_us + unschedulable_us_max);
}

void scheduling_queue::retry(std::shared_ptr<const pod_info> pod, int64_t now_us) {
  const int64_t due = now_us + pause_of(pod->key);
  insert(std::move(pod), place::pausing, due);
}

void scheduling_queue::cluster_changed(int64_t now_us) {
  std::map<uint64_t, std::shared_ptr<const pod_info>> moved; // those that wait longest first
  for (const auto& [key, item] : pods_)
    if (item.where == place::aside)
      moved.emplace(item.sequence, item.pod);
  for (auto& [sequence, pod] : moved)
    add(std::move(pod), now_us);
}

std::optional<int64_t> scheduling_queue::next_due() const {
  if (!active_.empty())
    return 0;
  if (due_.empty())
    return std::nullopt;
  return due_.begin()->first;
}

} // namespace actors::scheduler::queue
