// The engines under test, behind one shape, so that each test case runs over all of them.
#pragma once

#include "storage/lmdb/lmdb_engine.hpp"
#include "storage/memory/memory_engine.hpp"

#include <stdlib.h>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>

namespace storage::test {

// A folder of its own, removed with everything in it at the end.
class temporary_folder {
public:
  temporary_folder() {
    auto name = (std::filesystem::temp_directory_path() / "troupe-storage-XXXXXX").string();
    if (!::mkdtemp(name.data()))
      throw std::runtime_error("cannot make a temporary folder");
    path_ = name;
  }
  ~temporary_folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  temporary_folder(const temporary_folder&) = delete;
  temporary_folder& operator=(const temporary_folder&) = delete;
  const std::filesystem::path& path() const { return path_; }

private:
  std::filesystem::path path_;
};

// What an action fails with; it is a mistake of the test when it does not.
inline error failure_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const error& e) {
    return e;
  }
  throw std::logic_error("no error");
}

inline std::string hex(std::string_view bytes) {
  std::string text;
  for (const unsigned char c : bytes) {
    text += "0123456789abcdef"[c >> 4];
    text += "0123456789abcdef"[c & 15];
  }
  return text;
}

class lmdb_subject {
public:
  lmdb_subject() { reopen(); }
  engine& operator*() { return *engine_; }
  engine* operator->() { return engine_.get(); }
  // What a restart of the process does: everything acknowledged is still there.
  void reopen() {
    engine_.reset();
    engine_ = lmdb::open({folder_.path() / "shard"});
  }

private:
  temporary_folder folder_;
  std::unique_ptr<engine> engine_;
};

// Nothing of which goes to LMDB by itself: what it shows is in the log, and a restart finds it there.
class logged_subject {
public:
  logged_subject() { reopen(); }
  engine& operator*() { return *engine_; }
  engine* operator->() { return engine_.get(); }
  void reopen() {
    engine_.reset();
    engine_ = lmdb::open(only_logged(folder_.path() / "shard"));
  }
  static lmdb::options only_logged(const std::filesystem::path& folder) {
    lmdb::options how{.folder = folder};
    how.log.apply.writes_due = how.log.apply.bytes_due = SIZE_MAX;
    how.log.apply.after = std::chrono::hours(1);
    how.log.apply_on_close = false;
    return how;
  }

private:
  temporary_folder folder_;
  std::unique_ptr<engine> engine_;
};

// Which moves a few writes at a time to LMDB, always, with a log whose files are used up at once; a restart finds some in the log.
class moving_subject {
public:
  moving_subject() { reopen(); }
  engine& operator*() { return *engine_; }
  engine* operator->() { return engine_.get(); }
  void reopen() {
    engine_.reset();
    engine_ = lmdb::open(busy(folder_.path() / "shard"));
  }
  static lmdb::options busy(const std::filesystem::path& folder) {
    lmdb::options how{.folder = folder};
    how.log.sizes = {4096, 65'536};
    how.log.apply.writes_due = 1;
    how.log.apply.writes_max = 3;
    how.log.apply.pending_writes_max = 20;
    how.log.apply_on_close = false;
    return how;
  }

private:
  temporary_folder folder_;
  std::unique_ptr<engine> engine_;
};

class memory_subject {
public:
  engine& operator*() { return *engine_; }
  engine* operator->() { return engine_.get(); }
  void reopen() { engine_->lose_unsynced(); }

private:
  std::unique_ptr<memory::memory_engine> engine_ = memory::open();
};

inline write put(std::string key, std::string value, std::optional<revision> expected = {}) {
  return {change_kind::put, std::move(key), std::move(value), expected};
}

inline write erase(std::string key, std::optional<revision> expected = {}) {
  return {change_kind::erase, std::move(key), {}, expected};
}

// One write in a batch of its own.
inline write_result commit_one(engine& e, write w, int64_t second = 1000) {
  return e.commit(std::span(&w, 1), second).at(0);
}

} // namespace storage::test
