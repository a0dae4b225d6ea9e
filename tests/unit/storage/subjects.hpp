// The engines under test, behind one shape, so that each test case runs over all of them.
#pragma once

#include "storage/lmdb/lmdb_engine.hpp"
#include "storage/memory/memory_engine.hpp"

#include <stdlib.h>
#include <filesystem>
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
