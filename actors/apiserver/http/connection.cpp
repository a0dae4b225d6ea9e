// The life of a connection as one coroutine. Whatever it waits for (bytes, room to write, an answer, a
// wake-up, time) wakes it through one event, after which it looks what has changed.
#include "actors/apiserver/http/connection.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <fmt/format.h>

#include <sys/socket.h>

#include <charconv>

#include "actors/apiserver/http/limits.hpp"
#include "actors/apiserver/http/pending_answer.hpp"

namespace actors::apiserver::http {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

std::string render_head(const response& answer, bool chunked, std::optional<size_t> length, bool keep_alive,
                        bool old_version) {
  std::string head =
    fmt::format("HTTP/1.{} {} {}\r\n", old_version ? 0 : 1, answer.code, reason_phrase(answer.code));
  if (!answer.content_type.empty())
    head += fmt::format("Content-Type: {}\r\n", answer.content_type);
  for (const auto& item : answer.headers)
    head += fmt::format("{}: {}\r\n", item.name, item.value);
  head += "Cache-Control: no-cache, private\r\n";
  if (length)
    head += fmt::format("Content-Length: {}\r\n", *length);
  if (chunked)
    head += "Transfer-Encoding: chunked\r\n";
  if (!keep_alive)
    head += "Connection: close\r\n";
  else if (old_version)
    head += "Connection: keep-alive\r\n";
  head += "\r\n";
  return head;
}

/// In place and without a formatter: there are many watchers.
void frame_chunk(std::string& piece) {
  char head[2 * sizeof(size_t) + 2];
  char* end = std::to_chars(head, head + 2 * sizeof(size_t), piece.size(), 16).ptr;
  *end++ = '\r';
  *end++ = '\n';
  piece.insert(0, head, static_cast<size_t>(end - head)).append("\r\n");
}

} // namespace

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

// ---- waiting
// -------------------------------------------------------------------------------------------------

void connection::notify() {
  happened_ = true;
  event_.cancel();
}

connection::task<void> connection::give_turn(size_t bytes) {
  turn_bytes_ += bytes;
  if (turn_bytes_ < turn_bytes_max)
    co_return;
  turn_bytes_ = 0;
  co_await asio::post(home_.io(), asio::use_awaitable);
}

connection::task<bool> connection::wait(deadline until) {
  turn_bytes_ = 0;
  if (!happened_) {
    event_.expires_at(until);
    co_await event_.async_wait(asio::as_tuple(asio::use_awaitable));
  }
  co_return std::exchange(happened_, false);
}

void connection::arm_read() {
  if (std::exchange(read_armed_, true))
    return;
  socket_.async_wait(tcp::socket::wait_read, [self = shared_from_this()](boost::system::error_code) {
    self->read_armed_ = false;
    self->notify();
  });
}

void connection::arm_write() {
  if (std::exchange(write_armed_, true))
    return;
  socket_.async_wait(tcp::socket::wait_write, [self = shared_from_this()](boost::system::error_code) {
    self->write_armed_ = false;
    self->notify();
  });
}

// ---- bytes
// ---------------------------------------------------------------------------------------------------

connection::task<bool> connection::read_some(deadline until) {
  static thread_local char block[16 * 1024];
  bool look = !std::exchange(answered_, false) || tls_->has_buffered();
  while (!peer_gone_ && steady::now() < until) {
    size_t got = 0;
    switch (std::exchange(look, true) ? tls_->read(block, sizeof block, got) : tls_stream::result::want_read) {
      case tls_stream::result::done:
        in_.append(block, got);
        co_await give_turn(got);
        co_return true;
      case tls_stream::result::want_read:
        arm_read();
        break;
      case tls_stream::result::want_write:
        arm_write();
        break;
      default:
        peer_gone_ = true;
        co_return false;
    }
    // An idle client may be sending at this very moment: it gets an answer that tells it to connect anew.
    const bool idle = !parser_ || parser_->is_fresh();
    if (stopping_ && idle && steady::now() >= stop_at_)
      co_return false;
    const deadline end = stopping_ && idle ? std::min(until, stop_at_) : until;
    const deadline quiet = steady::now() + quiet_ms_max;
    if (quiet >= end) {
      co_await wait(end);
    } else if (!co_await wait(quiet)) {
      tls_->release_buffers();
      co_await wait(end);
    }
  }
  co_return false;
}

connection::task<bool> connection::write_all(std::string_view bytes) {
  const deadline until = steady::now() + write_seconds_max;
  while (!bytes.empty()) {
    size_t written = 0;
    switch (tls_->write(bytes, written)) {
      case tls_stream::result::done:
        bytes.remove_prefix(written);
        co_await give_turn(written);
        continue;
      case tls_stream::result::want_read:
        arm_read();
        break;
      case tls_stream::result::want_write:
        arm_write();
        break;
      default:
        peer_gone_ = true;
        co_return false;
    }
    co_await wait(until);
    if (steady::now() >= until)
      co_return false;
  }
  co_return true;
}

/// While a stream goes on: notices a client that has left, and keeps what it sends ahead, within bounds.
void connection::poll_peer() {
  static thread_local char block[4 * 1024];
  while (!peer_gone_ && in_.size() < pipelined_bytes_max) {
    size_t got = 0;
    switch (tls_->read(block, sizeof block, got)) {
      case tls_stream::result::done:
        in_.append(block, got);
        continue;
      case tls_stream::result::want_read:
        arm_read();
        return;
      case tls_stream::result::want_write:
        arm_write();
        return;
      default:
        peer_gone_ = true;
    }
  }
}

// ---- the life
// ------------------------------------------------------------------------------------------------

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

connection::task<bool> connection::respond(bool keep_alive, bool old_version, bool head_only) {
  response answer = std::move(*answer_);
  if (answer.stream) {
    const bool chunked = !old_version;
    const std::string head = render_head(answer, chunked, std::nullopt, keep_alive && chunked, old_version);
    if (!co_await write_all(head))
      co_return false;
    if (head_only)
      co_return false; // how long the body would be is unknown
    const bool sent = co_await stream(*answer.stream, chunked);
    co_return sent&& chunked;
  }
  const std::string& body = answer.shared_body ? *answer.shared_body : answer.body;
  std::string bytes = render_head(answer, false, body.size(), keep_alive, old_version);
  if (head_only)
    co_return co_await write_all(bytes);
  if (body.size() <= 16 * 1024) {
    bytes += body; // one record, one packet
    co_return co_await write_all(bytes);
  }
  co_return co_await write_all(bytes) && co_await write_all(body);
}

connection::task<bool> connection::stream(body_source& source, bool chunked) {
  source.attach([weak = weak_from_this()] {
    if (auto self = weak.lock()) {
      self->woken_ = true;
      self->notify();
    }
  });
  std::string piece;
  for (;;) {
    woken_ = false;
    piece.clear();
    const auto step = source.read(piece);
    if (!piece.empty()) {
      if (chunked)
        frame_chunk(piece);
      if (!co_await write_all(piece))
        co_return false;
    }
    // A list that is half sent must not look complete; whatever waits for the future may end here.
    if (step.what == body_source::next::end || (stopping_ && step.what == body_source::next::wait))
      co_return !chunked || co_await write_all("0\r\n\r\n");
    if (step.what == body_source::next::more) {
      // The same thread serves others: let them have their turn between two pieces.
      co_await asio::post(home_.io(), asio::use_awaitable);
      continue;
    }
    piece = {}; // idle watchers hold no buffers
    if (!read_armed_)
      poll_peer(); // from now on its readability wakes us
    tls_->release_buffers();
    const deadline until = steady::now() + std::chrono::microseconds{std::max<int64_t>(
                                             0, step.wake_at_us - shared_.clock->monotonic_us())};
    while (!woken_ && !stopping_ && steady::now() < until) {
      if (!read_armed_)
        poll_peer();
      if (peer_gone_)
        co_return false;
      co_await wait(until);
    }
  }
}

/// A refused client may still be sending; closing now would reset the connection and take the answer with it.
connection::task<void> connection::linger() {
  const deadline until = steady::now() + linger_seconds_max;
  tls_->shut_down();
  ::shutdown(socket_.native_handle(), SHUT_WR);
  size_t swallowed = 0;
  char block[4 * 1024];
  while (!peer_gone_ && !stopping_ && steady::now() < until && swallowed < linger_bytes_max) {
    const ssize_t got = ::recv(socket_.native_handle(), block, sizeof block, MSG_DONTWAIT);
    if (got > 0) {
      swallowed += static_cast<size_t>(got);
    } else if (got < 0 && errno == EAGAIN) {
      arm_read();
      co_await wait(until);
    } else {
      co_return;
    }
  }
}

} // namespace actors::apiserver::http
