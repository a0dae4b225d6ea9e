// Private files over plain system calls: the mode must be right from the first byte on.
#include "runtime/pki/private_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>
#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace runtime::pki {

namespace {

[[noreturn]] void fail(std::string_view what, const std::filesystem::path& path) {
  throw std::runtime_error(fmt::format("cannot {} {}: {}", what, path.string(), std::strerror(errno)));
}

struct descriptor {
  int fd;
  ~descriptor() {
    if (fd >= 0)
      ::close(fd);
  }
};

} // namespace

void write_private_file(const std::filesystem::path& path, std::string_view text) {
  const std::string temporary = fmt::format("{}.{}.tmp", path.string(), ::getpid());
  ::unlink(temporary.c_str()); // of an earlier process that was killed here
  {
    descriptor file{::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)};
    if (file.fd < 0)
      fail("create", temporary);
    while (!text.empty()) {
      const ssize_t written = ::write(file.fd, text.data(), text.size());
      if (written < 0 && errno == EINTR)
        continue;
      if (written < 0)
        fail("write", temporary);
      text.remove_prefix(static_cast<size_t>(written));
    }
    if (::fsync(file.fd) != 0)
      fail("sync", temporary);
  }
  if (::rename(temporary.c_str(), path.c_str()) != 0)
    fail("rename to", path);
  descriptor folder{::open(path.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (folder.fd < 0 || ::fsync(folder.fd) != 0)
    fail("sync", path.parent_path());
}

std::optional<std::string> read_private_file(const std::filesystem::path& path) {
  descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.fd < 0) {
    if (errno == ENOENT)
      return std::nullopt;
    fail("open", path);
  }
  std::string text;
  char block[16 * 1024];
  for (;;) {
    const ssize_t got = ::read(file.fd, block, sizeof block);
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      fail("read", path);
    if (got == 0)
      return text;
    text.append(block, static_cast<size_t>(got));
    if (text.size() > private_file_bytes_max)
      throw std::runtime_error(
        fmt::format("{} is larger than {} bytes", path.string(), private_file_bytes_max));
  }
}

} // namespace runtime::pki
