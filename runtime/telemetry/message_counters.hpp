// What is measured of one actor: messages received and handled, and how long its handler took for each type of message.
// Counters are relaxed atomics. `received` is written by senders, everything else by the actor alone, so that a message
// costs two readings of the tick clock and a few plain additions; all may be read by anyone at any time.
#pragma once

#include "runtime/telemetry/actor_sample.hpp"
#include "runtime/telemetry/message_key.hpp"
#include "runtime/telemetry/ticks.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

namespace runtime::telemetry {

/// More types than this are counted together, as "other".
constexpr size_t message_types_max = 32;

class message_counters {
public:
  message_counters();
  ~message_counters();
  message_counters(const message_counters&) = delete;

  std::atomic<uint64_t> received{0};
  std::atomic<uint64_t> handled{0};

  /// The actor has handled a message; called by the actor only.
  void note_handled(message_key key, uint64_t ticks) noexcept {
    add(handled, 1);
    auto& slot = slot_of(key);
    size_t bucket = 0;
    while (bucket < bounds_.size() && ticks > bounds_[bucket])
      ++bucket;
    add(slot.buckets[bucket], 1);
    add(slot.ticks, ticks);
  }
  uint64_t now() const noexcept {
    return clock_.now();
  }

  /// By type, in the order in which the types came first.
  std::vector<handler_times> times() const;

private:
  struct slot {
    message_key key = 0;
    bool is_other = false;
    std::array<std::atomic<uint64_t>, latency_buckets> buckets{};
    std::atomic<uint64_t> ticks{0};
    std::atomic<slot*> next{nullptr};
  };

  /// One writer only: no locked instruction is needed.
  static void add(std::atomic<uint64_t>& counter, uint64_t n) noexcept {
    counter.store(counter.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  slot& slot_of(message_key key) noexcept {
    auto& known = recent_[(key ^ key >> 6) % recent_.size()];
    if (known && known->key == key) [[likely]]
      return *known;
    auto& found = find_slot(key);
    if (!found.is_other)
      known = &found;
    return found;
  }
  slot& find_slot(message_key key) noexcept;

  const tick_clock& clock_;
  std::array<uint64_t, latency_bounds_ns.size()> bounds_; // in ticks
  std::atomic<slot*> first_{nullptr};
  std::array<slot*, 4> recent_{}; // by key: of the messages before
  size_t slots_ = 0;
};

using counters_ptr = std::shared_ptr<message_counters>;

} // namespace runtime::telemetry
