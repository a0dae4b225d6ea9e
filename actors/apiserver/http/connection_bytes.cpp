// How a connection waits, and how bytes go in and out of it meanwhile: within deadlines, and giving others their turn.
#include "actors/apiserver/http/connection.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "actors/apiserver/http/limits.hpp"

namespace actors::apiserver::http {

namespace asio = boost::asio;
using asio::ip::tcp;

// ---- waiting --------------------------------------------------------------------------------------------

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

// ---- bytes ----------------------------------------------------------------------------------------------

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

} // namespace actors::apiserver::http
