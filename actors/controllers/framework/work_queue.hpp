// The keys that a controller has to look at: each at most once in the queue, never two syncs of one key at a time, failures
// tried again with exponential delay (client-go's workqueue: 5 ms doubling to 1000 s). Pure: time is handed in.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace actors::controllers::framework {

/// A key as it is handed to another queue.
struct queued_key {
  std::string key;
  int64_t due_us = 0;   // when delayed
  bool delayed = false; // not in the queue proper
  bool ready = false;
  bool syncing = false; // taken
  bool dirty = false;   // added while syncing
  int failures = 0;
};

class work_queue {
public:
  static constexpr int64_t retry_delay_min_us = 5'000;
  static constexpr int64_t retry_delay_max_us = 1'000'000'000;

  /// A key that is being synced is queued again when that ends.
  void add(const std::string& key);
  /// At `due_us`, or earlier if an earlier time was asked for.
  void add_at(const std::string& key, int64_t due_us);
  /// The next key, which is then being synced until done() or failed(). nullopt: none is due.
  std::optional<std::string> take(int64_t now_us);
  void done(const std::string& key);
  /// Gives a taken key back: it is neither done nor failed.
  void postpone(const std::string& key, int64_t due_us);
  /// The key comes back after its delay, which is returned; at once if it was added while it was being synced.
  int64_t failed(const std::string& key, int64_t now_us);
  /// When the next delayed key is due; nullopt: none.
  std::optional<int64_t> next_due() const;
  size_t size() const { return ready_.size() + due_.size(); }
  size_t ready() const { return ready_.size(); }
  size_t syncing() const { return syncing_.size(); }

  /// All that it knows; ready keys first, in their order.
  std::vector<queued_key> keys() const;
  /// A queue that goes on from keys().
  static work_queue of(const std::vector<queued_key>& keys);

private:
  void promote(int64_t now_us);

  std::deque<std::string> ready_;
  std::unordered_set<std::string> queued_;   // in ready_
  std::unordered_set<std::string> syncing_;
  std::unordered_set<std::string> dirty_;    // added while syncing
  std::unordered_map<std::string, int64_t> due_;
  std::multimap<int64_t, std::string> by_due_;
  std::unordered_map<std::string, int> failures_;
};

} // namespace actors::controllers::framework
