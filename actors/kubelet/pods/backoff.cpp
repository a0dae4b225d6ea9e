#include "actors/kubelet/pods/backoff.hpp"
#include <algorithm>

namespace actors::kubelet::pods {
namespace {
bool expired(int64_t event_us, int64_t updated_us) { return event_us - updated_us > 2 * backoff_max_us; }
// Of the wall clock, as the times of containers are: when it was set back, no more than all of the delay.
int64_t left_us(int64_t since_us, int64_t delay_us, int64_t now_us) {
  return std::clamp<int64_t>(since_us + delay_us - now_us, 0, delay_us);
}
} // namespace

int64_t backoff_table::remaining_us(const std::string& key, int64_t event_us, int64_t now_us) const {
  auto it = entries_.find(key);
  if (it == entries_.end() || expired(event_us, it->second.updated_us))
    return 0;
  return left_us(event_us, it->second.delay_us, now_us);
}

int64_t backoff_table::remaining_since_update_us(const std::string& key, int64_t now_us) const {
  auto it = entries_.find(key);
  if (it == entries_.end() || expired(now_us, it->second.updated_us))
    return 0;
  return left_us(it->second.updated_us, it->second.delay_us, now_us);
}

int64_t backoff_table::delay_us(const std::string& key) const {
  auto it = entries_.find(key);
  return it == entries_.end() ? 0 : it->second.delay_us;
}

void backoff_table::next(const std::string& key, int64_t event_us, int64_t now_us) {
  auto& e = entries_[key];
  if (e.delay_us == 0 || expired(event_us, e.updated_us))
    e.delay_us = backoff_initial_us;
  else
    e.delay_us = std::min(e.delay_us * 2, backoff_max_us);
  e.updated_us = now_us;
}

std::string duration_text(int64_t us) {
  int64_t s = us / 1'000'000;
  std::string text;
  if (s >= 3600)
    text += std::to_string(s / 3600) + "h";
  if (s >= 60)
    text += std::to_string(s / 60 % 60) + "m";
  return text + std::to_string(s % 60) + "s";
}

} // namespace actors::kubelet::pods
