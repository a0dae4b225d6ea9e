// A shard's disk in a simulation: the engine in memory, with the faults that disks have. What was not synced is lost when the
// power goes. Checkers read the whole history from it. Not thread-safe.
#pragma once

#include "storage/engine.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace actors::store {

/// Where a commit fails. The engine must be opened again afterwards, as after a disk's error.
enum class commit_failure : uint8_t {
  none,
  before_write, ///< nothing was written
  before_sync,  ///< written, and lost
  after_sync,   ///< durable, but nobody is told
};

/// One entry of a shard's history.
struct stored_change {
  int64_t revision = 0;
  bool erased = false;
  std::string key;
  std::string value;    ///< erased: the last one
  std::string previous; ///< empty: it did not exist before
};

struct shown_change {
  int64_t revision;
  bool erased;
  const std::string& key;
  const std::string& value; ///< erased: the last one
};

class simulated_disk {
public:
  /// `as_copy`: an empty folder is to be a copy of a shard that another host has.
  explicit simulated_disk(bool as_copy = false);
  ~simulated_disk();
  simulated_disk(const simulated_disk&) = delete;

  /// For the shard: throws storage::error (locked) while another engine is open.
  std::shared_ptr<storage::engine> open();

  // -- faults
  /// The power goes: what is open is void, what was not synced is lost.
  void lose_power();
  void fail_next_commit(commit_failure how);
  void set_full(bool full);

  // -- sabotage, to show that the checkers see it
  /// Forgets every write after `revision`, also those that were acknowledged.
  void forget_after(int64_t revision);
  /// What it is told of epochs is confirmed and forgotten, so that former owners are not refused.
  void set_forgetful(bool forgetful);
  /// A write that nobody asked for.
  void write_behind(const std::string& key, const std::string& value);

  // -- for checkers
  /// `told` is called each time a copy becomes the shard.
  void when_taken_over(std::function<void()> told);
  storage::owner_record owner() const;
  /// The epoch below which it refuses the role's writes.
  int64_t fence(const std::string& role) const;
  int64_t current() const;
  int64_t oldest() const;
  /// Of the history that is left, everything after `revision`.
  std::vector<stored_change> changes(int64_t after) const;
  /// The same, without a copy of each.
  void each_change(int64_t after, const std::function<void(const shown_change&)>& visit) const;
  /// The present state: key, revision, value.
  void each_record(const std::function<void(const std::string& key, int64_t revision, const std::string& value)>& visit) const;
  uint64_t commits() const;
  uint64_t failures() const;

private:
  class open_engine;
  struct platter;
  std::shared_ptr<platter> platter_;
};

} // namespace actors::store
