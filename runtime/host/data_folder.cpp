#include "runtime/host/data_folder.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <stdexcept>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace runtime::host {

namespace {

[[noreturn]] void fail(const std::filesystem::path& path, const std::string& why) {
  throw std::runtime_error("data folder " + path.string() + ": " + why);
}

} // namespace

data_folder::data_folder(const std::filesystem::path& path) {
  std::error_code failure;
  path_ = std::filesystem::absolute(path, failure).lexically_normal();
  if (failure)
    fail(path, failure.message());
  auto fresh = std::filesystem::create_directories(path_, failure);
  if (failure)
    fail(path_, failure.message());
  if (fresh)
    std::filesystem::permissions(path_, std::filesystem::perms::owner_all, failure);
  auto file = path_ / "host.lock";
  lock_ = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock_ < 0)
    fail(path_, std::string{"cannot open host.lock: "} + std::strerror(errno));
  if (flock(lock_, LOCK_EX | LOCK_NB) != 0) {
    auto reason = errno == EWOULDBLOCK ? "in use by another troupe host" : std::strerror(errno);
    close(lock_);
    fail(path_, reason);
  }
}

data_folder::~data_folder() {
  // The file stays: removing it would let two hosts lock two files of one name.
  close(lock_);
}

} // namespace runtime::host
