// A TCP connection, plain or TLS, with one deadline for everything. Internal to probes/.
#pragma once
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>

typedef struct ssl_st SSL;
typedef struct ssl_ctx_st SSL_CTX;

namespace actors::kubelet::probes {

struct io_error : std::runtime_error {
  io_error(const std::string& text, bool is_timeout) : std::runtime_error(text), timeout(is_timeout) {}
  bool timeout;
};

class connection {
public:
  using clock = std::chrono::steady_clock;
  /// Connects; throws io_error ("connect: connection refused", "i/o timeout").
  connection(const std::string& host, int port, clock::time_point deadline);
  ~connection();
  connection(const connection&) = delete;
  /// Probes do not check certificates, as upstream's do not.
  void start_tls(const std::string& host);
  void write(const std::string& data);
  /// At most `size` bytes; "" at the end.
  std::string read(size_t size);

private:
  void wait(bool for_reading);
  int fd_ = -1;
  clock::time_point deadline_;
  SSL_CTX* context_ = nullptr;
  SSL* tls_ = nullptr;
};

} // namespace actors::kubelet::probes
