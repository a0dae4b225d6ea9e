#include "runtime/mesh/session.hpp"

#include "runtime/mesh/handshake_error.hpp"
#include "runtime/mesh/identity.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/write.hpp>

#include <fmt/format.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace runtime::mesh {

namespace {

using boost::system::error_code;

/// What the kernel holds of unsent bytes, so that a ping is not late behind them.
constexpr int unsent_bytes_max = 64 << 10;
/// Bytes of a refused peer that are read and thrown away, so that it reads our reason before a reset.
constexpr size_t leave_bytes_max = 256 << 10;

uint64_t next_number() {
  static std::atomic<uint64_t> last{0};
  return ++last;
}

std::string text_of(const net::ip::tcp::socket& socket) {
  error_code failure;
  auto end = socket.remote_endpoint(failure);
  return failure ? "unknown" : fmt::format("{}:{}", end.address().to_string(), end.port());
}

std::string text_of(std::exception_ptr failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const boost::system::system_error& e) {
    return describe_end(e.code());
  } catch (const std::exception& e) {
    return e.what();
  }
}

} // namespace

net::awaitable<void> wait_for(net::steady_timer& timer) {
  // Setting it anew would wake whoever else waits.
  if (timer.expiry() != net::steady_timer::time_point::max())
    timer.expires_at(net::steady_timer::time_point::max());
  error_code woken;
  co_await timer.async_wait(into(woken));
}

net::awaitable<void> wait_for(net::steady_timer& timer, std::chrono::milliseconds time) {
  timer.expires_after(time);
  error_code woken;
  co_await timer.async_wait(into(woken));
}

session::session(net::ip::tcp::socket socket, net::ssl::context& tls, expectation expected, session_owner& owner,
                 const seams::clock& clock)
  : tls_(std::move(socket), tls), expected_(std::move(expected)), owner_(owner), clock_(clock),
    address_(text_of(tls_.next_layer())), number_(next_number()), deadline_(tls_.get_executor()),
    writable_(tls_.get_executor()), written_(tls_.get_executor()), data_(frame_header_bytes + data_bytes_max) {
  error_code ignored; // both only make it faster
  tls_.next_layer().set_option(net::ip::tcp::no_delay{true}, ignored);
  setsockopt(tls_.next_layer().native_handle(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent_bytes_max, sizeof unsent_bytes_max);
}

// -- handshake -------------------------------------------------------------------------------------------

void session::expect_end_of_handshake() {
  deadline_.expires_after(handshake_time_max);
  deadline_.async_wait([self = shared_from_this()](const error_code& cancelled) {
    if (cancelled)
      return;
    self->late_ = true;
    error_code ignored;
    self->tls_.next_layer().close(ignored);
  });
}

refused session::explain(const error_code& error) {
  if (late_)
    return {refusal_reason::too_slow, fmt::format("no handshake within {} ms", handshake_time_max.count())};
  return classify(error, tls_.native_handle());
}

net::awaitable<void> session::shake_hands() {
  expect_end_of_handshake();
  error_code failure;
  try {
    co_await do_shake_hands();
    co_return;
  } catch (const boost::system::system_error& e) {
    failure = e.code();
  }
  throw explain(failure);
}

net::awaitable<void> session::do_shake_hands() {
  auto side = expected_.dialled.empty() ? net::ssl::stream_base::server : net::ssl::stream_base::client;
  co_await tls_.async_handshake(side, net::use_awaitable);
  std::unique_ptr<X509, decltype(&X509_free)> certificate{SSL_get1_peer_certificate(tls_.native_handle()), X509_free};
  if (!certificate)
    throw refused(refusal_reason::no_certificate, "it showed no certificate");
  auto names = names_of(certificate.get());
  if (!expected_.dialled.empty())
    check_names(expected_.dialled, names);
  std::string out;
  append_frame(out, frame_type::hello, encode_hello(expected_.mine));
  co_await net::async_write(tls_, net::buffer(out), net::use_awaitable);
  auto answer = co_await read_handshake_frame();
  auto theirs = answer.type == frame_type::hello ? decode_hello(answer.payload) : std::nullopt;
  if (!theirs)
    throw refused(refusal_reason::bad_frame, "it said something else than hello");
  peer_ = *theirs;
  check_hello(expected_, peer_, names);
}

net::awaitable<frame> session::read_handshake_frame() {
  while (true) {
    if (auto next = in_.next()) {
      if (next->type == frame_type::close)
        throw refused(refusal_reason::by_peer, "it refused us: " + clean_reason(next->payload));
      co_return *next;
    }
    if (in_.bad())
      throw refused(refusal_reason::bad_frame, "it sent garbage");
    auto [data, size] = in_.prepare();
    auto count = co_await tls_.async_read_some(net::buffer(data, size), net::use_awaitable);
    in_.commit(count);
  }
}

net::awaitable<void> session::welcome() {
  error_code failure;
  try {
    std::string out;
    append_frame(out, frame_type::welcome, "");
    co_await net::async_write(tls_, net::buffer(out), net::use_awaitable);
    auto answer = co_await read_handshake_frame();
    if (answer.type != frame_type::welcome)
      throw refused(refusal_reason::bad_frame, "it said something else than welcome");
    deadline_.cancel();
    co_return;
  } catch (const boost::system::system_error& e) {
    failure = e.code();
  }
  throw explain(failure);
}

net::awaitable<void> session::refuse(std::string why) {
  deadline_.cancel();
  late_ = false;
  expect_end_of_handshake();
  if (SSL_is_init_finished(tls_.native_handle())) {
    std::string out;
    append_frame(out, frame_type::close, clean_reason(why));
    error_code ignored; // it may be gone
    co_await net::async_write(tls_, net::buffer(out), into(ignored));
  }
  deadline_.cancel();
  co_await leave();
  ended_ = true;
}

/// A socket that is closed with unread bytes is reset, and a reset overtakes what the peer has not read yet: so end our
/// side, and wait a moment for its end.
net::awaitable<void> session::leave() {
  auto& socket = tls_.next_layer();
  error_code failure;
  socket.shutdown(net::ip::tcp::socket::shutdown_send, failure);
  deadline_.expires_after(leave_time_max);
  deadline_.async_wait([self = shared_from_this()](const error_code& cancelled) {
    error_code ignored;
    if (!cancelled)
      self->tls_.next_layer().close(ignored);
  });
  std::array<char, 4096> sink;
  size_t total = 0;
  while (!failure && total < leave_bytes_max)
    total += co_await socket.async_read_some(net::buffer(sink), into(failure));
  deadline_.cancel();
  socket.close(failure);
}

// -- carrying --------------------------------------------------------------------------------------------

void session::carry(stream_socket stream) {
  stream_.emplace(std::move(stream));
  health_.emplace(clock_.monotonic_us());
  start(read_frames());
  start(read_stream());
  start(write_frames());
  start(watch_health());
}

void session::start(net::awaitable<void> part) {
  net::co_spawn(tls_.get_executor(), std::move(part), [self = shared_from_this()](std::exception_ptr failure) {
    if (failure)
      self->drop(text_of(failure));
  });
}

net::awaitable<void> session::read_frames() {
  while (!ended_) {
    while (auto next = in_.next()) {
      co_await take(*next);
      if (ended_)
        co_return;
    }
    if (in_.bad())
      co_return drop("it sent garbage");
    auto [data, size] = in_.prepare();
    auto count = co_await tls_.async_read_some(net::buffer(data, size), net::use_awaitable);
    in_.commit(count);
    bytes_in_ += count;
    health_->on_frame(clock_.monotonic_us());
  }
}

net::awaitable<void> session::take(const frame& in) {
  switch (in.type) {
    case frame_type::data:
      // Waits while the actor system does not take it: then the peer may not send more either.
      if (!leaving_)
        co_await net::async_write(*stream_, net::buffer(in.payload.data(), in.payload.size()), net::use_awaitable);
      break;
    case frame_type::ping:
      if (auto value = decode_ping(in.payload)) {
        pong_ = value->sequence;
        writable_.cancel();
        owner_.on_ping(*this, std::move(value->sees));
      } else {
        drop("it sent a broken ping");
      }
      break;
    case frame_type::pong:
      if (auto sequence = decode_pong(in.payload))
        health_->on_pong(*sequence, clock_.monotonic_us());
      break;
    case frame_type::close:
      drop("it closed the link: " + clean_reason(in.payload));
      break;
    default:
      drop("it sent a frame that does not belong here");
  }
}

net::awaitable<void> session::read_stream() {
  while (!ended_ && !leaving_) {
    error_code failure;
    auto count = co_await stream_->async_read_some(
      net::buffer(data_.data() + frame_header_bytes, data_bytes_max), into(failure));
    if (ended_ || leaving_)
      co_return;
    if (failure)
      co_return drop("our actor system closed its end");
    data_bytes_ = count;
    writable_.cancel();
    while (data_bytes_ > 0 && !ended_ && !leaving_)
      co_await wait_for(written_);
  }
}

net::awaitable<void> session::write_frames() {
  std::string out;
  while (!ended_) {
    out.clear();
    if (pong_)
      append_frame(out, frame_type::pong, encode_pong(*pong_));
    pong_.reset();
    if (ping_)
      append_frame(out, frame_type::ping, encode_ping({health_->sequence(), owner_.sees()}));
    ping_ = false;
    if (close_)
      append_frame(out, frame_type::close, *close_);
    auto size = out.size();
    if (size > 0)
      co_await net::async_write(tls_, net::buffer(out), net::use_awaitable);
    if (close_) {
      co_await leave();
      co_return drop("we closed it: " + *close_);
    }
    if (data_bytes_ > 0) {
      write_header(data_.data(), frame_type::data, data_bytes_);
      size += frame_header_bytes + data_bytes_;
      co_await net::async_write(tls_, net::buffer(data_.data(), frame_header_bytes + data_bytes_), net::use_awaitable);
      data_bytes_ = 0;
      written_.cancel();
    }
    bytes_out_ += size;
    if (size == 0)
      co_await wait_for(writable_);
  }
}

net::awaitable<void> session::watch_health() {
  net::steady_timer timer{tls_.get_executor()};
  while (!ended_) {
    auto now = clock_.monotonic_us();
    if (auto why = health_->lost(now); !why.empty())
      co_return drop(why);
    if (health_->slow() != slow_) {
      slow_ = health_->slow();
      owner_.on_slow(*this, slow_);
    }
    if (health_->ping_due(now)) {
      ping_ = true;
      writable_.cancel();
      tell_traffic();
    }
    co_await wait_for(timer, health_check_period);
  }
}

void session::ping() {
  if (ended_ || leaving_ || !health_)
    return;
  health_->begin_ping(clock_.monotonic_us());
  ping_ = true;
  writable_.cancel();
}

void session::tell_traffic() {
  owner_.on_traffic(*this, bytes_in_, bytes_out_, health_->round_trip_us(clock_.monotonic_us()));
  bytes_in_ = bytes_out_ = 0;
}

void session::close(const std::string& reason) {
  if (ended_ || leaving_)
    return;
  leaving_ = true;
  close_ = clean_reason(reason);
  writable_.cancel();
  written_.cancel();
  // A peer that does not read does not hold us up.
  deadline_.expires_after(leave_time_max);
  deadline_.async_wait([self = shared_from_this(), reason](const error_code& cancelled) {
    if (!cancelled)
      self->drop("we closed it: " + reason);
  });
}

void session::drop(const std::string& reason) {
  if (ended_)
    return;
  ended_ = true;
  auto self = shared_from_this();
  if (health_)
    tell_traffic();
  deadline_.cancel();
  writable_.cancel();
  written_.cancel();
  error_code ignored;
  // What is on its way is of no use any more.
  tls_.next_layer().set_option(net::socket_base::linger{true, 0}, ignored);
  tls_.next_layer().close(ignored);
  owner_.on_end(*this, reason);
}

} // namespace runtime::mesh
