// LMDB with C++ ownership and our errors: environment, transactions, cursors, and growth of the map.
#pragma once

#include "storage/engine.hpp"
#include "storage/lmdb/folder_lock.hpp"
#include "storage/lmdb/lmdb_engine.hpp"

#include <lmdb.h>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

namespace storage::lmdb {

// Thrown inside a write transaction when the map is full; environment::write() grows it and runs the work
// again.
struct map_full {};

inline std::string_view view(const MDB_val& v) { return {static_cast<const char*>(v.mv_data), v.mv_size}; }

inline MDB_val val(std::string_view bytes) { return {bytes.size(), const_cast<char*>(bytes.data())}; }

// Throws for any LMDB or system error code but 0.
void check(int code, const char* doing);

std::optional<std::string_view> get(MDB_txn*, MDB_dbi, std::string_view key);
void put(MDB_txn*, MDB_dbi, std::string_view key, std::string_view value, unsigned flags = 0);
void erase(MDB_txn*, MDB_dbi, std::string_view key); // absent: nothing to do
bool is_empty(MDB_txn*, MDB_dbi);
void clear(MDB_txn*, MDB_dbi);
size_t count(MDB_txn*, MDB_dbi);

class cursor {
public:
  cursor(MDB_txn*, MDB_dbi);
  ~cursor() { mdb_cursor_close(cursor_); }
  cursor(const cursor&) = delete;
  cursor& operator=(const cursor&) = delete;

  // Move and tell whether there is an entry, which key() and value() then show.
  bool seek(std::string_view at_or_after) { return move(at_or_after, MDB_SET_RANGE); }
  bool next() { return move({}, MDB_NEXT); }
  std::string_view key() const { return view(key_); }
  std::string_view value() const { return view(value_); }

private:
  bool move(std::string_view key, MDB_cursor_op);
  MDB_cursor* cursor_ = nullptr;
  MDB_val key_{};
  MDB_val value_{};
};

class environment {
public:
  explicit environment(const options&);
  ~environment();
  environment(const environment&) = delete;
  environment& operator=(const environment&) = delete;

  // Runs `work` in a transaction that ends with the call. Reads run beside each other and beside a write.
  void read(const std::function<void(MDB_txn*)>& work);

  // Runs `work` and commits durably when it returns true. When the map is full, it grows and `work` runs
  // again. `bytes` is about what will be written, to tell a full disk from a broken one. Any exception
  // aborts.
  void write(size_t bytes, const std::function<bool(MDB_txn*)>& work);

  // Nothing of the file stays in the process' memory; what is used again comes back.
  void drop_pages();

  MDB_dbi meta = 0;
  MDB_dbi revisions = 0;
  MDB_dbi current = 0;
  MDB_dbi history = 0;

private:
  struct closer {
    void operator()(MDB_env* e) const { mdb_env_close(e); }
  };

  std::vector<std::string> check_file();
  void mark_made();
  void open_databases(const std::vector<std::string>& found);
  void cover_last_page();
  void grow_map();
  void commit(MDB_txn*, size_t bytes);
  void extend_file(size_t bytes);
  bool lacks_space(size_t bytes) const;
  std::string disk_full_text() const;
  [[noreturn]] void throw_named(const error&) const;

  options options_;
  folder_lock lock_;
  std::unique_ptr<MDB_env, closer> env_;
  std::shared_lock<std::shared_mutex> hold_map();
  std::mutex turnstile_; // passed by each transaction; held to let none begin, so that growth is not starved
  std::shared_mutex map_mutex_; // shared: a transaction exists; exclusive: the map is being moved
  size_t map_bytes_ = 0;
  size_t file_bytes_ = 0; // written so far, zeros included; for the one who commits
  size_t written_bytes_ = 0; // since drop_pages(); for the one who commits
  std::chrono::steady_clock::time_point dropped_at_; // the same
  std::atomic<bool> broken_{false};
};

} // namespace storage::lmdb
