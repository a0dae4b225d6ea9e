#include "storage/lmdb/folder_lock.hpp"

#include "storage/engine.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>
#include <cerrno>
#include <string>
#include <system_error>

namespace storage::lmdb {
namespace {

std::string reason(int code) { return std::generic_category().message(code); }

std::string owner_of(int fd) {
  char text[32] = {};
  const auto n = ::pread(fd, text, sizeof text - 1, 0);
  std::string owner(text, n > 0 ? static_cast<size_t>(n) : 0);
  while (!owner.empty() && owner.back() == '\n')
    owner.pop_back();
  return owner.empty() ? "unknown" : owner;
}

} // namespace

folder_lock::folder_lock(const std::filesystem::path& folder) {
  const auto path = folder / "owner.lock";
  // Not inherited by children: a container runtime that we start must not keep our data locked.
  fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd_ < 0)
    throw error(error_code::io, "cannot open " + path.string() + ": " + reason(errno));
  if (::flock(fd_, LOCK_EX | LOCK_NB) != 0) {
    const int code = errno;
    const auto owner = owner_of(fd_);
    ::close(fd_);
    if (code == EWOULDBLOCK)
      throw error(error_code::locked, "the store folder " + folder.string() + " is in use by process " +
                                        owner + "; stop it first, or use another data folder");
    throw error(error_code::io, "cannot lock " + path.string() + ": " + reason(code));
  }
  // The text is for people only, so a full disk here is no reason to fail.
  const auto pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(fd_, 0) == 0) [[maybe_unused]]
    const auto written = ::pwrite(fd_, pid.data(), pid.size(), 0);
}

folder_lock::~folder_lock() { ::close(fd_); }

} // namespace storage::lmdb
