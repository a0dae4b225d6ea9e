// A TLS connection to a server on loopback whose certificate is not checked: for load, from one thread.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fmt/format.h>
#include <cstring>
#include <stdexcept>
#include <string>

namespace tests::bench {

constexpr size_t kept_bytes_max = 64 * 1024;
constexpr int answer_seconds_max = 30;

struct stream {
  int fd = -1;
  SSL* ssl = nullptr;
  std::string tail;     // of what was received: a mark may come in two pieces
  size_t seen = 0;      // rounds

  /// Without TLS.
  explicit stream(uint16_t port) : fd(::socket(AF_INET, SOCK_STREAM, 0)) { connect(port); }
  /// `buffer_bytes`: of what the kernel takes in for us; 0: as it likes.
  stream(SSL_CTX* context, uint16_t port, int buffer_bytes = 0) : fd(::socket(AF_INET, SOCK_STREAM, 0)), ssl(SSL_new(context)) {
    if (buffer_bytes > 0)
      ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer_bytes, sizeof buffer_bytes);
    connect(port);
    const timeval patience{answer_seconds_max, 0}; // a server may take a connection and say nothing
    ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    SSL_set_fd(ssl, fd);
    if (SSL_connect(ssl) != 1)
      throw std::runtime_error("TLS handshake failed");
  }
  ~stream() {
    SSL_free(ssl);
    ::close(fd);
  }
  stream(const stream&) = delete;

  void connect(uint16_t port) const {
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_port = htons(port);
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || ::connect(fd, reinterpret_cast<sockaddr*>(&where), sizeof where) != 0)
      throw std::runtime_error(fmt::format("cannot connect to port {}: {}", port, std::strerror(errno)));
    const int yes = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  }

  void send(const std::string& bytes) {
    if (SSL_write(ssl, bytes.data(), static_cast<int>(bytes.size())) != static_cast<int>(bytes.size()))
      throw std::runtime_error("a connection was closed while a request was sent");
  }
  void stop_blocking() const {
    const int flags = ::fcntl(fd, F_GETFL);
    ::fcntl(fd, F_SETFL, flags | O_NONBLOCK);
  }
  /// Takes what is there. True: `mark` has come.
  bool receive(const std::string& mark) {
    char block[16 * 1024];
    bool found = false;
    for (;;) {
      const int got = SSL_read(ssl, block, sizeof block);
      if (got <= 0) {
        if (SSL_get_error(ssl, got) == SSL_ERROR_WANT_READ)
          return found;
        throw std::runtime_error("a connection was closed by the server: " + tail);
      }
      tail.append(block, static_cast<size_t>(got));
      if (const auto at = tail.rfind(mark); at != std::string::npos)
        found = true;
      if (tail.size() > kept_bytes_max)
        tail.erase(0, tail.size() - mark.size());
      if (found)
        tail.clear();
    }
  }
};

} // namespace tests::bench
