// The apiserver's copy of the store: the present state as snapshots that any thread reads without locks, and for
// each resource a window of the latest changes, in which every watch is a position. The apiserver's actor is the only writer;
// connection threads read.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "actors/apiserver/cache/cached_object.hpp"
#include "actors/apiserver/cache/object_packer.hpp"
#include "actors/apiserver/cache/persistent_map.hpp"

namespace actors::apiserver::cache {

/// All objects of a shard as of `revision`; keys as in the store ("/pods/default/web").
struct snapshot {
  int64_t revision = 0;
  persistent_map<object_ptr> objects;
};
using snapshot_ptr = std::shared_ptr<const snapshot>;

/// `after` null: deleted; `before` null: created, or not known any more.
struct change {
  int64_t revision = 0;
  std::string key;
  object_ptr before, after;
  int64_t before_revision = 0; // 0: not known
};

/// The latest changes of one resource.
class change_window {
public:
  static constexpr size_t changes_max = 16'384;
  /// What is older is forgotten, but for the newest `changes_min`: a window that is not written to gives its memory back. As long as
  /// upstream's watch cache keeps a change (eventFreshDuration).
  static constexpr std::chrono::seconds age_max{75};
  static constexpr size_t changes_min = 1'024;
  /// By one call of age(), whose caller has other things to do.
  static constexpr size_t forgotten_max = 1'024;

  struct page {
    std::vector<change> changes;
    int64_t upto = 0;      // everything up to here has been returned
    bool expired = false;  // `after` is older than the window: list anew
  };
  /// Changes with revision > `after`, at most `limit`.
  page read(int64_t after, size_t limit) const;
  /// The oldest revision from which a watch can start.
  int64_t oldest() const;

  // ---- writer ----
  void append(change next);
  /// Nothing of this resource changed up to `revision`.
  void advance(int64_t revision);
  void reset(int64_t revision);
  /// Forgets what is too old. To be called again and again; monotonic time.
  void age(int64_t now_us);
  /// Packs what at most `limit` changes replaced; returns how many it looked at. Not of the newest `changes_min`, which the watchers
  /// are about to read; and what is present, others hold as well.
  size_t pack(object_packer& packer, size_t limit);

private:
  /// What had happened up to some time.
  struct mark {
    int64_t at_us;
    int64_t revision;
  };
  static constexpr int64_t mark_distance_us = 1'000'000; // bounds how many there are
  void forget_oldest();

  mutable std::mutex mutex_;
  std::deque<change> changes_;
  std::deque<mark> marks_; // by time
  size_t seen_ = 0;        // by pack(): so many of the oldest changes
  int64_t oldest_ = 0;
  int64_t upto_ = 0;
};

/// A store shard's part of the cache.
class shard_cache {
public:
  explicit shard_cache(std::string name, std::vector<std::string> prefixes);

  const std::string& name() const { return name_; }
  snapshot_ptr read() const { return snapshot_.load(); }
  const change_window& window(std::string_view prefix) const;
  /// The objects of one resource as they were at `revision`: the present ones with the later changes undone. Of other
  /// resources it says nothing. Null when the window does not reach back so far, or the revision is in the future.
  snapshot_ptr as_of(std::string_view prefix, int64_t revision) const;
  bool ready() const { return ready_.load(); }

  /// Calls `notify` after changes to `prefix` (from the writer's thread; it must only post). Thread-safe.
  uint64_t subscribe(std::string_view prefix, std::function<void()> notify);
  void unsubscribe(std::string_view prefix, uint64_t subscription);

  // ---- writer ----
  /// The present state; ends every watch that is older than what the window still has.
  void load(snapshot_ptr state, int64_t oldest);
  /// `next` in revision order; those at or below the snapshot's revision only enter the windows.
  void apply(std::vector<change> next, int64_t upto);
  /// What nobody but the cache keeps, and few read: packed, before it is given to load() or apply().
  object_ptr packed(const object_ptr& object) { return packer_.pack(object); }
  /// change_window::pack() of the resources, until so many changes were looked at.
  void pack(size_t limit);
  /// change_window::age() of every resource, and some of pack().
  void age(int64_t now_us);

private:
  struct resource_state {
    change_window window;
    std::mutex mutex;
    std::map<uint64_t, std::function<void()>> subscribers;
  };
  resource_state* state_of(std::string_view key);

  static constexpr size_t packed_by_age_max = 256;

  std::string name_;
  object_packer packer_; // the writer's
  std::map<std::string, std::unique_ptr<resource_state>, std::less<>> resources_; // by prefix; fixed
  std::atomic<snapshot_ptr> snapshot_;
  std::atomic<bool> ready_{false};
  std::atomic<uint64_t> next_subscription_{1};
};

/// All shards. Fixed after construction.
class watch_cache {
public:
  /// prefix -> shard name, for every resource.
  explicit watch_cache(const std::map<std::string, std::string>& shard_by_prefix);
  shard_cache& shard(std::string_view name);
  shard_cache& shard_of(std::string_view prefix);
  const std::map<std::string, std::unique_ptr<shard_cache>, std::less<>>& shards() const { return shards_; }
  bool ready() const;

private:
  std::map<std::string, std::unique_ptr<shard_cache>, std::less<>> shards_;
  std::map<std::string, shard_cache*, std::less<>> by_prefix_;
};

} // namespace actors::apiserver::cache
