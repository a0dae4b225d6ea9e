// What reads ask of LMDB within one transaction.
#pragma once

#include "storage/decide.hpp"
#include "storage/lmdb/environment.hpp"
#include "storage/lmdb/records.hpp"

namespace storage::lmdb {

// Throw error: future_revision, corrupt.
void refuse_future(revision asked, revision newest);
[[noreturn]] void missing_revision(revision);

// Where the value of a key is, as of some revision.
struct location {
  revision created = 0;
  revision rev = 0;
};

class snapshot {
public:
  snapshot(const environment& env, MDB_txn* txn);

  // Throws compacted when history at `at` is forgotten.
  void require_kept(revision at) const;
  revision_record entry(revision rev) const;
  // The record of `key` as of `at`, given its current record.
  std::optional<location> locate(std::string_view key, const current_record& now, revision at) const;
  record fetch(std::string_view key, const location& where) const;
  change change_at(revision rev) const;
  key_state state_of(std::string_view key) const;
  // Every record of `current` and `history` is read, with `values` also each current value.
  void check(bool values) const;

  state_record state;

private:
  revision_record own_entry(std::string_view key, revision rev) const;

  const environment& env_;
  MDB_txn* txn_;
};

} // namespace storage::lmdb
