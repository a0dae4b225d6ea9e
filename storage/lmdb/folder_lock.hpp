// Exclusive ownership of a folder, between processes and within one, by flock(2).
#pragma once

#include <filesystem>

namespace storage::lmdb {

class folder_lock {
public:
  // Throws error: locked, naming the owner's process id; io.
  explicit folder_lock(const std::filesystem::path& folder);
  ~folder_lock();
  folder_lock(const folder_lock&) = delete;
  folder_lock& operator=(const folder_lock&) = delete;

private:
  int fd_ = -1;
};

} // namespace storage::lmdb
