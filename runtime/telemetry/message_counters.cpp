#include "runtime/telemetry/message_counters.hpp"

#include <numeric>

namespace runtime::telemetry {

uint64_t handler_times::count() const {
  return std::accumulate(buckets.begin(), buckets.end(), uint64_t{0});
}

handler_times& handler_times::operator+=(const handler_times& other) {
  for (size_t i = 0; i < buckets.size(); ++i)
    buckets[i] += other.buckets[i];
  seconds += other.seconds;
  return *this;
}

message_counters::message_counters() : clock_(tick_clock::get()) {
  for (size_t i = 0; i < bounds_.size(); ++i)
    bounds_[i] = clock_.ticks(latency_bounds_ns[i]);
}

message_counters::~message_counters() {
  for (auto item = first_.load(std::memory_order_relaxed); item != nullptr;)
    delete std::exchange(item, item->next.load(std::memory_order_relaxed));
}

message_counters::slot& message_counters::find_slot(message_key key) noexcept {
  auto end = &first_;
  while (auto item = end->load(std::memory_order_relaxed)) {
    if (item->is_other || item->key == key)
      return *item;
    end = &item->next;
  }
  auto added = new slot;
  added->is_other = ++slots_ > message_types_max;
  added->key = key;
  end->store(added, std::memory_order_release); // readers see it complete
  return *added;
}

std::vector<handler_times> message_counters::times() const {
  std::vector<handler_times> result;
  for (auto item = first_.load(std::memory_order_acquire); item != nullptr;
       item = item->next.load(std::memory_order_acquire)) {
    handler_times times{.message = item->is_other ? "other" : message_name(item->key)};
    for (size_t i = 0; i < latency_buckets; ++i)
      times.buckets[i] = item->buckets[i].load(std::memory_order_relaxed);
    times.seconds = clock_.seconds(item->ticks.load(std::memory_order_relaxed));
    result.push_back(std::move(times));
  }
  return result;
}

} // namespace runtime::telemetry
