// Wakes the watchers of a connection loop when a resource changes: one subscription to the cache per loop and
// resource, however many watchers there are, and at most one wake-up under way.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "actors/apiserver/cache/watch_cache.hpp"
#include "actors/apiserver/http/message.hpp"

namespace actors::apiserver::http {

/// The watchers of one resource on one loop. Used on that loop only.
class wake_hub : public std::enable_shared_from_this<wake_hub> {
public:
  wake_hub(std::weak_ptr<event_loop> home, cache::shard_cache& shard, std::string prefix);
  ~wake_hub();
  wake_hub(const wake_hub&) = delete;
  wake_hub& operator=(const wake_hub&) = delete;

  /// The wake-up ends with the returned handle.
  std::shared_ptr<void> add(std::function<void()> wake);
  size_t size() const { return waiting_.size(); }

  /// What one of the watchers was sent last: the next one that asks for the same from the same position gets the same bytes, without
  /// another look at the changes. One is enough: all are woken together.
  struct piece {
    std::string asked_for; // all that the events depend on, besides the position
    int64_t after = -1, upto = -1;
    std::string events;
  };
  static constexpr size_t piece_kept_bytes_max = 64 * 1024;
  /// Null: others had something else.
  const piece* written(std::string_view asked_for, int64_t after) const {
    return last_.after == after && last_.asked_for == asked_for ? &last_ : nullptr;
  }
  void remember(std::string_view asked_for, int64_t after, int64_t upto, std::string_view events);

private:
  friend class wake_hubs;
  struct signal; // what the cache's writer sees
  void subscribe();
  void wake_all();

  std::weak_ptr<event_loop> home_;
  cache::shard_cache& shard_;
  std::string prefix_;
  std::shared_ptr<signal> signal_;
  uint64_t subscription_ = 0;
  uint64_t next_ = 0;
  std::unordered_map<uint64_t, std::function<void()>> waiting_;
  piece last_;
};

/// All hubs. Thread-safe.
class wake_hubs {
public:
  std::shared_ptr<wake_hub> find(const std::shared_ptr<event_loop>& home, cache::shard_cache& shard,
                                 std::string_view prefix);

private:
  std::mutex mutex_;
  std::map<std::pair<size_t, std::string>, std::weak_ptr<wake_hub>> hubs_;
};

} // namespace actors::apiserver::http
