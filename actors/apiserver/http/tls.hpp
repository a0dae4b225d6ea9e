// TLS over a non-blocking socket, without the buffers that a connection per watcher cannot afford: OpenSSL
// reads and writes the socket itself and keeps its own buffers only while there is something in them. One
// thread per stream.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "actors/apiserver/auth/identity.hpp"
#include "actors/apiserver/auth/pki.hpp"

struct ssl_ctx_st;
struct ssl_st;

namespace actors::apiserver::http {

/// Certificates and settings of all connections. Immutable after construction, shared between threads.
class tls_context {
public:
  /// Throws std::runtime_error.
  explicit tls_context(const auth::pki& keys);
  ~tls_context();
  tls_context(const tls_context&) = delete;
  tls_context& operator=(const tls_context&) = delete;
  ssl_ctx_st* get() const { return context_; }

private:
  ssl_ctx_st* context_ = nullptr;
};

class tls_stream {
public:
  enum class result { done, want_read, want_write, closed, failed };
  tls_stream(const tls_context& context, int socket);
  ~tls_stream();
  tls_stream(const tls_stream&) = delete;
  tls_stream& operator=(const tls_stream&) = delete;

  result handshake();
  result read(char* into, size_t size, size_t& got);
  result write(std::string_view bytes, size_t& written);
  /// Whether bytes have come that read() has not given yet, so that the socket may stay silent.
  bool has_buffered() const;
  /// Gives back the 2 x 16 KB that a stream keeps while there is traffic; the next call takes them again.
  void release_buffers();
  /// Tells the client that nothing follows; best effort.
  void shut_down();
  /// After the handshake; null: the client presented no certificate.
  std::shared_ptr<const auth::peer_certificate> certificate() const;
  /// Why the last call gave `failed`.
  std::string failure() const { return failure_; }

private:
  result explain(int returned);
  ssl_st* ssl_;
  std::string failure_;
};

} // namespace actors::apiserver::http
