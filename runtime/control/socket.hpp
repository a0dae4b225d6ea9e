// Unix sockets with deadlines, for the control socket's two ends. A folder's path may be longer than a socket
// address holds, so both ends go through a descriptor of the folder.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace runtime::control {

using deadline = std::chrono::steady_clock::time_point;

constexpr const char* socket_name = "control.sock";

/// Owns a file descriptor.
class descriptor {
public:
  explicit descriptor(int fd = -1) : fd_(fd) {
  }
  ~descriptor();
  descriptor(descriptor&& other) noexcept;
  descriptor& operator=(descriptor&& other) noexcept;

  int get() const {
    return fd_;
  }
  explicit operator bool() const {
    return fd_ >= 0;
  }
  /// Gives it up: the caller owns it.
  int release() {
    return std::exchange(fd_, -1);
  }

private:
  int fd_;
};

/// All throw std::system_error.
/// Mode 0600; replaces a stale socket.
descriptor listen_in(const std::filesystem::path& folder, const char* name = socket_name);
descriptor connect_in(const std::filesystem::path& folder, const char* name = socket_name);

/// Waits until the descriptor can be read (or written). False when the deadline has passed.
bool wait_ready(int fd, bool to_write, deadline until);

/// Writes everything, or throws (ETIMEDOUT).
void write_all(int fd, std::string_view bytes, deadline until);

/// Reads to the end of the stream, or up to and including `stop` if that is not 0. Throws ETIMEDOUT, and EMSGSIZE
/// beyond `bytes_max`.
std::string read_until(int fd, char stop, size_t bytes_max, deadline until);

/// Reads lines one after the other.
class line_reader {
public:
  explicit line_reader(int fd) : fd_(fd) {
  }
  /// The next line without its end; nothing at the end of the stream. Throws as read_until does.
  std::optional<std::string> next(deadline until);

private:
  static constexpr size_t line_bytes_max = 1 << 20;

  int fd_;
  std::string rest_;
};

} // namespace runtime::control
