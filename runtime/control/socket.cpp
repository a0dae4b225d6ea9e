#include "runtime/control/socket.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace runtime::control {

namespace {

constexpr int backlog = 64;

[[noreturn]] void fail(int error, const char* what) {
  throw std::system_error(error, std::generic_category(), what);
}

descriptor open_folder(const std::filesystem::path& folder) {
  descriptor fd{open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
  if (!fd)
    fail(errno, "open");
  return fd;
}

sockaddr_un address_in(const descriptor& folder, const char* name) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  auto path = "/proc/self/fd/" + std::to_string(folder.get()) + "/" + name;
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return address;
}

descriptor make_socket() {
  descriptor fd{socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (!fd)
    fail(errno, "socket");
  return fd;
}

} // namespace

descriptor::~descriptor() {
  if (fd_ >= 0)
    close(fd_);
}

descriptor::descriptor(descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {
}

descriptor& descriptor::operator=(descriptor&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

descriptor listen_in(const std::filesystem::path& folder, const char* name) {
  auto at = open_folder(folder);
  auto address = address_in(at, name);
  auto fd = make_socket();
  // The data folder's lock is held, so a socket that is there belongs to a host that is gone.
  if (unlinkat(at.get(), name, 0) != 0 && errno != ENOENT && errno != EISDIR)
    fail(errno, "unlink");
  // Linux gives the socket's file the descriptor's mode: never open to others, not even for a moment.
  if (fchmod(fd.get(), 0600) != 0)
    fail(errno, "chmod");
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    fail(errno, "bind");
  if (listen(fd.get(), backlog) != 0)
    fail(errno, "listen");
  return fd;
}

descriptor connect_in(const std::filesystem::path& folder, const char* name) {
  auto at = open_folder(folder);
  auto address = address_in(at, name);
  auto fd = make_socket();
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    fail(errno, "connect");
  return fd;
}

bool wait_ready(int fd, bool to_write, deadline until) {
  while (true) {
    auto left = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now()).count();
    pollfd watched{.fd = fd, .events = static_cast<short>(to_write ? POLLOUT : POLLIN), .revents = 0};
    auto count = poll(&watched, 1, static_cast<int>(std::clamp<int64_t>(left, 0, 60'000)));
    if (count > 0)
      return true;
    if (count < 0 && errno != EINTR)
      fail(errno, "poll");
    if (left <= 0)
      return false;
  }
}

void write_all(int fd, std::string_view bytes, deadline until) {
  while (!bytes.empty()) {
    if (!wait_ready(fd, true, until))
      fail(ETIMEDOUT, "write");
    auto count = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count < 0 && errno != EAGAIN && errno != EINTR)
      fail(errno, "write");
    if (count > 0)
      bytes.remove_prefix(static_cast<size_t>(count));
  }
}

std::string read_until(int fd, char stop, size_t bytes_max, deadline until) {
  std::string result;
  char chunk[16'384];
  while (true) {
    if (!wait_ready(fd, false, until))
      fail(ETIMEDOUT, "read");
    auto count = read(fd, chunk, sizeof chunk);
    if (count < 0 && errno != EAGAIN && errno != EINTR)
      fail(errno, "read");
    if (count == 0)
      return result;
    if (count < 0)
      continue;
    result.append(chunk, static_cast<size_t>(count));
    if (auto end = stop ? result.find(stop) : result.npos; end != result.npos)
      return result.substr(0, end + 1);
    if (result.size() > bytes_max)
      fail(EMSGSIZE, "read");
  }
}

std::optional<std::string> line_reader::next(deadline until) {
  char chunk[16'384];
  while (true) {
    if (auto end = rest_.find('\n'); end != rest_.npos) {
      auto line = rest_.substr(0, end);
      rest_.erase(0, end + 1);
      return line;
    }
    if (rest_.size() > line_bytes_max)
      fail(EMSGSIZE, "read");
    if (!wait_ready(fd_, false, until))
      fail(ETIMEDOUT, "read");
    auto count = read(fd_, chunk, sizeof chunk);
    if (count == 0)
      return std::nullopt;
    if (count < 0 && errno != EAGAIN && errno != EINTR)
      fail(errno, "read");
    if (count > 0)
      rest_.append(chunk, static_cast<size_t>(count));
  }
}

} // namespace runtime::control
