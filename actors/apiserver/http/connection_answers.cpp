// What a connection sends: heads, whole bodies, streams that go on until their source or their client ends.
#include "actors/apiserver/http/connection.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <fmt/format.h>

#include <sys/socket.h>

#include <charconv>

#include "actors/apiserver/http/limits.hpp"

namespace actors::apiserver::http {

namespace asio = boost::asio;

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
