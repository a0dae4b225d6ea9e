#include "storage/log/disk_files.hpp"

#include "storage/engine.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <system_error>

namespace storage::log {
namespace {

[[noreturn]] void fail(const char* doing, const std::string& path, int code) {
  if (code == ENOSPC || code == EDQUOT || code == EFBIG)
    throw error(error_code::disk_full, "no space left for " + path +
                                         "; nothing of the batch was written, free some space and writes go on");
  throw error(error_code::io, std::string("cannot ") + doing + ' ' + path + ": " +
                                std::generic_category().message(code) + "; the store must be opened again");
}

class disk_file : public file {
public:
  disk_file(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  ~disk_file() override { ::close(fd_); }

  uint64_t size() override {
    struct stat now;
    if (::fstat(fd_, &now) != 0)
      fail("inspect", path_, errno);
    return static_cast<uint64_t>(now.st_size);
  }

  content read() override {
    content bytes(size());
    for (size_t done = 0; done < bytes.size();) {
      const auto n = ::pread(fd_, bytes.data() + done, bytes.size() - done, static_cast<off_t>(done));
      if (n < 0 && errno == EINTR)
        continue;
      if (n <= 0)
        fail("read", path_, n < 0 ? errno : EIO);
      done += static_cast<size_t>(n);
    }
    return bytes;
  }

  void write(uint64_t offset, std::string_view bytes) override {
    while (!bytes.empty()) {
      const auto n = ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
      if (n < 0 && errno == EINTR)
        continue;
      if (n <= 0)
        fail("write", path_, n < 0 ? errno : ENOSPC);
      offset += static_cast<uint64_t>(n);
      bytes.remove_prefix(static_cast<size_t>(n));
    }
  }

  // After a sync that failed, the next one may say that all is well: whatever the reason, the file must be read anew.
  void sync() override {
    if (::fdatasync(fd_) != 0)
      fail("sync", path_, errno == ENOSPC || errno == EDQUOT ? EIO : errno);
  }

private:
  int fd_;
  std::string path_;
};

class disk_files : public files {
public:
  explicit disk_files(std::filesystem::path folder) : folder_(std::move(folder)) {}

  std::unique_ptr<file> open(unsigned number) override {
    const int fd = ::open(name(number).c_str(), O_RDWR | O_CLOEXEC);
    if (fd >= 0)
      return std::make_unique<disk_file>(fd, name(number));
    if (errno != ENOENT)
      fail("open", name(number), errno);
    return nullptr;
  }

  std::unique_ptr<file> make(unsigned number) override {
    const int fd = ::open(name(number).c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
      fail("make", name(number), errno);
    return std::make_unique<disk_file>(fd, name(number));
  }

  void sync_names() override {
    const int fd = ::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
      fail("open", folder_.string(), errno);
    const int failed = ::fsync(fd) != 0 ? errno : 0;
    ::close(fd);
    if (failed != 0)
      fail("sync", folder_.string(), failed);
  }

  std::string name(unsigned number) const override { return (folder_ / ("log." + std::to_string(number))).string(); }

private:
  std::filesystem::path folder_;
};

} // namespace

std::shared_ptr<files> files_in(std::filesystem::path folder) { return std::make_shared<disk_files>(std::move(folder)); }

} // namespace storage::log
