// The life of a connection as one coroutine. Whatever it waits for (bytes, room to write, an answer, a
// wake-up, time) wakes it through one event, after which it looks what has changed.
#include "actors/apiserver/http/connection.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <fmt/format.h>

#include <sys/socket.h>

#include "actors/apiserver/http/limits.hpp"
#include "actors/apiserver/http/pending_answer.hpp"

namespace actors::apiserver::http {

namespace asio = boost::asio;
using asio::ip::tcp;

connection::connection(loop& home, tcp::socket socket, std::shared_ptr<connection_place> place)
    : home_(home), shared_(home.shared()), place_(std::move(place)), socket_(std::move(socket)), event_(home.io()) {
  boost::system::error_code ignored;
  socket_.non_blocking(true, ignored);
  socket_.set_option(tcp::no_delay{true}, ignored);
  socket_.set_option(asio::socket_base::keep_alive{true}, ignored);
  const auto peer = socket_.remote_endpoint(ignored);
  remote_ = fmt::format("{}:{}", peer.address().to_string(), peer.port());
  tls_ = std::make_unique<tls_stream>(shared_.tls, socket_.native_handle());
}

connection::~connection() = default;

void connection::start() {
  home_.add(shared_from_this());
  asio::co_spawn(
    home_.io(), [self = shared_from_this()] { return self->run(); }, asio::detached);
}

void connection::stop(std::chrono::milliseconds grace) {
  stopping_ = true;
  stop_at_ = steady::now() + grace;
  notify();
}

void connection::deliver(uint64_t request_id, response answer) {
  if (request_id != request_id_ || answer_)
    return; // of a request that has timed out
  answer_ = std::move(answer);
  notify();
}

// ---- the life -------------------------------------------------------------------------------------------

connection::task<void> connection::run() {
  try {
    if (co_await handshake()) {
      certificate_ = tls_->certificate();
      while (co_await serve_one()) {
      }
    }
  } catch (const std::exception& error) {
    shared_.log.error("connection ended by an error", {{"client", remote_}, {"error", error.what()}});
  }
  tls_->shut_down();
  boost::system::error_code ignored;
  socket_.close(ignored);
  event_.cancel();
  home_.remove(this);
}

connection::task<bool> connection::handshake() {
  idle_since_ = steady::now();
  const deadline until = steady::now() + handshake_seconds_max;
  char first = 0;
  while (::recv(socket_.native_handle(), &first, 1, MSG_PEEK) < 0 && (errno == EAGAIN || errno == EINTR)) {
    arm_read();
    co_await wait(stopping_ ? std::min(until, stop_at_) : until);
    if (steady::now() >= (stopping_ ? std::min(until, stop_at_) : until))
      co_return false;
  }
  if (first >= 'A' && first <= 'Z')
    co_return co_await refuse_plain_text();
  for (;;) {
    switch (tls_->handshake()) {
      case tls_stream::result::done:
        co_return true;
      case tls_stream::result::want_read:
        arm_read();
        break;
      case tls_stream::result::want_write:
        arm_write();
        break;
      default:
        shared_.log.debug("TLS handshake failed", {{"client", remote_}, {"error", tls_->failure()}});
        co_return false;
    }
    co_await wait(stopping_ ? std::min(until, stop_at_) : until);
    if (steady::now() >= (stopping_ ? std::min(until, stop_at_) : until))
      co_return false;
  }
}

/// Somebody speaks HTTP without TLS: Go's servers say so, and so do we.
connection::task<bool> connection::refuse_plain_text() {
  constexpr std::string_view answer =
    "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";
  char ignored[16 * 1024];
  while (::recv(socket_.native_handle(), ignored, sizeof ignored, MSG_DONTWAIT) > 0) {
  }
  ::send(socket_.native_handle(), answer.data(), answer.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  ::shutdown(socket_.native_handle(), SHUT_WR);
  co_return false;
}

/// Counts a large body where all of them are counted. False: it is too much.
bool connection::body_fits() {
  const size_t bytes = parser_->body_bytes();
  if (bytes <= small_body_bytes)
    return true;
  if (!body_share_)
    body_share_ = std::make_shared<body_budget::share>(shared_.bodies);
  return body_share_->grow_to(bytes);
}

/// True: a request is complete. False: there will be none.
connection::task<bool> connection::receive() {
  deadline until = steady::now() + idle_seconds_max;
  idle_since_ = steady::now();
  bool started = false;
  for (;;) {
    size_t taken = 0;
    const auto state = parser_->feed(in_, taken);
    in_.erase(0, taken);
    if (!started && !parser_->is_fresh()) {
      started = true;
      idle_since_.reset();
      until = steady::now() + header_seconds_max;
    }
    if (state != request_parser::state::failed && !body_fits()) {
      answer_ = shared_.served->refuse(429, "the server has too many large requests, please try again later");
      co_return false;
    }
    switch (state) {
      case request_parser::state::done:
        co_return true;
      case request_parser::state::failed:
        answer_ = shared_.served->refuse(parser_->failure().code, parser_->failure().message);
        co_return false;
      case request_parser::state::headers_done:
        until = steady::now() + body_seconds_max;
        if (parser_->expects_continue() && in_.empty() &&
            !co_await write_all("HTTP/1.1 100 Continue\r\n\r\n"))
          co_return false;
        continue;
      case request_parser::state::more:
        break;
    }
    if (!co_await read_some(until)) {
      if (started && !peer_gone_)
        answer_ = shared_.served->refuse(408, "the request did not arrive in time");
      else if (started)
        answer_ = shared_.served->refuse(400, "malformed HTTP request: it ends too early");
      co_return false;
    }
  }
}

connection::task<bool> connection::serve_one() {
  if (!parser_)
    parser_ = std::make_unique<request_parser>();
  ++request_id_;
  answer_.reset();
  if (!co_await receive()) {
    parser_.reset(); // and what there is of a body
    body_share_.reset();
    if (answer_ && co_await respond(false, false, false))
      co_await linger();
    co_return false;
  }
  const bool keep_alive = parser_->keep_alive();
  const bool old_version = parser_->is_version_10();
  request what = parser_->take();
  what.body_share = std::exchange(body_share_, nullptr);
  what.certificate = certificate_;
  what.remote = remote_;
  const bool head_only = what.method == "HEAD";
  try {
    shared_.served->handle(std::move(what),
                           make_responder(weak_from_this(), home(), shared_.served, request_id_));
  } catch (const std::exception& error) {
    shared_.log.error("a request failed", {{"error", error.what()}});
    answer_ = shared_.served->refuse(500, error.what());
  }
  const deadline until = steady::now() + answer_seconds_max;
  while (!answer_) {
    if (steady::now() >= until)
      answer_ = shared_.served->refuse(504, "request did not complete within the allotted timeout");
    else
      co_await wait(until);
  }
  happened_ = false; // it was the answer; whatever else it was is looked at before the next wait
  // What the answer says holds: a connection that it keeps open waits for a request for the grace of a stop.
  const bool reuse = keep_alive && !answer_->close && !stopping_;
  const bool sent = co_await respond(reuse, old_version, head_only);
  answered_ = true;
  co_return sent && reuse;
}

} // namespace actors::apiserver::http
