#include "actors/kubelet/probes/socket.hpp"
#include <fcntl.h>
#include <netdb.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cerrno>
#include <cstring>

namespace actors::kubelet::probes {
namespace {

/// Go's names of the usual errors.
std::string error_text(int error) {
  switch (error) {
    case ECONNREFUSED:
      return "connect: connection refused";
    case EHOSTUNREACH:
      return "connect: no route to host";
    case ENETUNREACH:
      return "connect: network is unreachable";
    default:
      return std::string("connect: ") + std::strerror(error);
  }
}

} // namespace

connection::connection(const std::string& host, int port, clock::time_point deadline) : deadline_(deadline) {
  addrinfo hints{}, *found = nullptr;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  if (int rc = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found); rc != 0 || !found)
    throw io_error("lookup " + host + ": " + ::gai_strerror(rc), false);
  std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, ::freeaddrinfo);
  fd_ = ::socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd_ < 0)
    throw io_error(error_text(errno), false);
  try {
    // Close with RST: a probe each second must not fill the table with TIME_WAIT (as upstream's prober).
    linger l{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &l, sizeof l);
    if (::connect(fd_, found->ai_addr, found->ai_addrlen) != 0) {
      if (errno != EINPROGRESS)
        throw io_error(error_text(errno), false);
      wait(false);
      int error = 0;
      socklen_t size = sizeof error;
      ::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size);
      if (error)
        throw io_error(error_text(error), false);
    }
  } catch (...) {
    ::close(fd_);
    throw;
  }
}

connection::~connection() {
  if (tls_)
    SSL_free(tls_);
  if (context_)
    SSL_CTX_free(context_);
  ::close(fd_);
}

void connection::wait(bool for_reading) {
  while (true) {
    auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - clock::now()).count();
    if (left <= 0)
      throw io_error("i/o timeout", true);
    pollfd p{fd_, static_cast<short>(for_reading ? POLLIN : POLLOUT), 0};
    int rc = ::poll(&p, 1, static_cast<int>(left));
    if (rc > 0)
      return;
    if (rc < 0 && errno != EINTR)
      throw io_error(std::strerror(errno), false);
  }
}

void connection::start_tls(const std::string& host) {
  context_ = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_verify(context_, SSL_VERIFY_NONE, nullptr);
  tls_ = SSL_new(context_);
  SSL_set_fd(tls_, fd_);
  if (host.find_first_not_of("0123456789.:") != std::string::npos)
    SSL_set_tlsext_host_name(tls_, host.c_str());
  while (true) {
    int rc = SSL_connect(tls_);
    if (rc == 1)
      return;
    int error = SSL_get_error(tls_, rc);
    if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE)
      throw io_error("tls: handshake failure", false);
    wait(error == SSL_ERROR_WANT_READ);
  }
}

void connection::write(const std::string& data) {
  for (size_t done = 0; done < data.size();) {
    if (tls_) {
      int n = SSL_write(tls_, data.data() + done, static_cast<int>(data.size() - done));
      if (n > 0) {
        done += static_cast<size_t>(n);
        continue;
      }
      int error = SSL_get_error(tls_, n);
      if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE)
        throw io_error("write: connection broken", false);
      wait(error == SSL_ERROR_WANT_READ);
    } else {
      auto n = ::send(fd_, data.data() + done, data.size() - done, MSG_NOSIGNAL);
      if (n > 0) {
        done += static_cast<size_t>(n);
        continue;
      }
      if (errno != EAGAIN && errno != EINTR)
        throw io_error(std::string("write: ") + std::strerror(errno), false);
      wait(false);
    }
  }
}

std::string connection::read(size_t size) {
  std::string buffer(size, '\0');
  while (true) {
    if (tls_) {
      int n = SSL_read(tls_, buffer.data(), static_cast<int>(size));
      if (n > 0) {
        buffer.resize(static_cast<size_t>(n));
        return buffer;
      }
      int error = SSL_get_error(tls_, n);
      if (error == SSL_ERROR_ZERO_RETURN || error == SSL_ERROR_SYSCALL || error == SSL_ERROR_SSL)
        return {};
      wait(error == SSL_ERROR_WANT_READ);
    } else {
      auto n = ::recv(fd_, buffer.data(), size, 0);
      if (n >= 0) {
        buffer.resize(static_cast<size_t>(n));
        return buffer;
      }
      if (errno != EAGAIN && errno != EINTR)
        throw io_error(std::string("read: ") + std::strerror(errno), false);
      wait(true);
    }
  }
}

} // namespace actors::kubelet::probes
