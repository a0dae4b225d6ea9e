// Requests and answers as plain structs, and the seam between the wire (server.cpp, connection.cpp; HTTP/1.1
// today) and what is served: a handler gets a request and a responder, and knows nothing of sockets.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "actors/apiserver/auth/identity.hpp"

namespace actors::apiserver::http {

struct header {
  std::string name, value;
};

struct request {
  std::string method; // upper case
  std::string target; // as sent: path and query
  std::vector<header> headers;
  std::string body;
  std::shared_ptr<const auth::peer_certificate> certificate; // null: the client presented none
  std::string remote;                                        // "127.0.0.1:40000"
  std::shared_ptr<void> body_share; // of the memory for large bodies; goes with the body

  /// The first header of this name (case does not matter), "" if absent.
  std::string_view find(std::string_view name) const;
  bool has(std::string_view name) const;
};

/// A body that is made while it is sent. Every function is called on the connection's loop; the connection
/// asks for more only when the client has taken what was sent before, so a slow client costs no memory.
class body_source {
public:
  enum class next : uint8_t { more, wait, end };
  struct step {
    next what = next::end;
    int64_t wake_at_us = 0; // with `wait`: ask again then (monotonic), or when woken before
  };
  virtual ~body_source() = default;
  /// Appends at most about `piece_bytes_max` bytes to `out`.
  virtual step read(std::string& out) = 0;
  /// Called once before the first read; `wake` makes the connection read again and may be called on the loop
  /// at any time during the source's life.
  virtual void attach(std::function<void()> wake) = 0;

  static constexpr size_t piece_bytes_max = 64 * 1024;
};

struct response {
  int code = 200;
  std::string content_type = "application/json";
  std::vector<header> headers; // others
  std::string body;
  std::shared_ptr<const std::string> shared_body; // instead of `body`
  std::unique_ptr<body_source> stream;            // instead of both: chunked
  bool close = false;                             // end the connection afterwards
};

/// One thread that runs connections. post() may be called from any thread.
class event_loop {
public:
  virtual ~event_loop() = default;
  virtual void post(std::function<void()> work) = 0;
  virtual size_t index() const = 0; // 0, 1, ... below the number of loops
};

/// Where the answer to one request goes. Any thread; the first answer counts, later ones are ignored.
class responder {
public:
  virtual ~responder() = default;
  virtual void send(response answer) = 0;
  /// Runs `work` on the connection's loop, unless the connection has ended by then.
  virtual void post(std::function<void()> work) = 0;
  virtual std::weak_ptr<event_loop> loop() = 0;
};
using responder_ptr = std::shared_ptr<responder>;

/// What is served. handle() is called on the connection's loop and must not block.
class handler {
public:
  virtual ~handler() = default;
  virtual void handle(request what, responder_ptr reply) = 0;
  /// The answer to what is no valid HTTP, or breaks a limit: rendered by the handler since it is a Status.
  virtual response refuse(int code, std::string_view message) = 0;
};

/// "OK", "Not Found".
std::string_view reason_phrase(int code);
bool equal_ignoring_case(std::string_view a, std::string_view b);

} // namespace actors::apiserver::http
