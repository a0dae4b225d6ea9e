// The writes that are durable in the log and not yet in LMDB, by revision and by key. Any thread; who holds the lock does not wait
// for a disk.
#pragma once

#include "storage/decide.hpp"
#include "storage/log/batch.hpp"

#include <atomic>
#include <deque>
#include <map>
#include <mutex>
#include <span>

namespace storage::lmdb {

using log::batch_ptr;
using log::logged_write;

// A write, and what keeps its bytes.
struct pending_write {
  batch_ptr of;
  const logged_write* write = nullptr;
  explicit operator bool() const { return write != nullptr; }
  const logged_write* operator->() const { return write; }
};

class pending_writes {
public:
  // `newest`: of everything that is durable, when the copy was taken. What a copy lacks is in LMDB for whoever asks it afterwards.
  struct found_key {
    revision newest = 0;
    pending_write write; // the newest of the key that is not above the revision asked for; none: ask LMDB
  };
  struct found_range {
    revision newest = 0;
    std::vector<pending_write> writes; // by key, for each the newest that is not above the revision asked for; erasures too
  };
  struct found_change {
    pending_write write;
    pending_write previous; // none: ask LMDB, unless there is none
  };
  struct found_changes {
    revision newest = 0;
    int64_t second = 0; // of the newest pending one
    std::vector<found_change> changes; // without gaps; the first is above `after`, but need not be the next one
  };

  // Empty: everything up to `newest` is in LMDB.
  void reset(revision newest);
  // Is read from now on.
  void add(batch_ptr);
  // Everything up to `last`, the end of a batch, is in LMDB.
  void retire(revision last);

  revision newest() const { return newest_.load(std::memory_order_acquire); }
  size_t writes() const { return writes_.load(std::memory_order_relaxed); }
  size_t bytes() const { return bytes_.load(std::memory_order_relaxed); }

  found_key find(std::string_view key, revision at) const; // at = 0: now
  // The states of keys, for those that have one here.
  std::vector<std::optional<key_state>> states(std::span<const std::string_view> keys) const;
  // Ends after `puts_max` keys that exist.
  found_range range(std::string_view prefix, std::string_view from, revision at, size_t puts_max) const;
  // Ends at about `bytes_max`.
  found_changes changes(revision after, size_t limit, size_t bytes_max) const;
  // The newest one that was committed before `second`, 0: none of these.
  revision before(int64_t second) const;
  // The oldest ones, at least one batch.
  std::vector<batch_ptr> oldest(size_t writes_max, size_t bytes_max) const;

private:
  using key_and_revision = std::pair<std::string_view, revision>;

  pending_write newest_of(std::string_view key, revision at) const;
  pending_write at(revision rev) const;

  mutable std::mutex mutex_;
  std::deque<batch_ptr> batches_;
  std::map<key_and_revision, pending_write> by_key_; // its keys are in the batches
  std::atomic<revision> newest_{0};
  std::atomic<size_t> writes_{0};
  std::atomic<size_t> bytes_{0};
};

} // namespace storage::lmdb
