// Everything that writes to LMDB, each call one durable transaction, one at a time: what the log has, compaction, fences, owner records,
// copies. Any thread.
#pragma once

#include "storage/lmdb/pending_writes.hpp"
#include "storage/lmdb/snapshot.hpp"

#include <map>

namespace storage::lmdb {

class writer {
public:
  using fence_map = std::map<std::string, int64_t, std::less<>>;

  explicit writer(environment& env);

  // What is in LMDB.
  revision current() const { return current_.load(std::memory_order_acquire); }
  revision oldest() const { return oldest_.load(std::memory_order_acquire); }
  int64_t second();

  // The batches that follow current().
  void add(std::span<const batch_ptr> batches);
  // Forgets what follows oldest(), up to `last`, which is there.
  void forget(revision last);
  void put_fence(std::string_view role, int64_t epoch);

  void own(const owner_record&);
  void begin_copy(const owner_record&);
  void append(const copy_page&);
  void take_over(const owner_record&, std::span<const fence_entry>);

  // At opening. Throw error: corrupt.
  owner_record read_owner();
  fence_map read_fences();
  log::identity read_log_identity();

private:
  std::string_view required(MDB_txn*, std::string_view key, const char* what);
  void add_write(MDB_txn*, const logged_write&, int64_t second);
  void add_copied(MDB_txn*, const copied_write&, revision oldest);
  void put_revision(MDB_txn*, revision, const revision_record&, bool superseded_is_kept);
  void forget_one(MDB_txn*, revision);
  void store(MDB_txn*, const state_record&);
  void store(MDB_txn*, const owner_record&);
  void store_fence(MDB_txn*, std::string_view role, int64_t epoch);
  void publish(const state_record&);

  environment& env_;
  std::mutex writing_; // guards what follows, and keeps LMDB's own lock from being waited for inside it
  state_record state_;
  std::string scratch_;
  std::atomic<revision> current_{0};
  std::atomic<revision> oldest_{0};
};

} // namespace storage::lmdb
