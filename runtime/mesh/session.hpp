// One connection to another host: TLS, the exchange of hellos, then frames, until it ends. Lives on the link thread.
#pragma once

#include "runtime/mesh/frame.hpp"
#include "runtime/mesh/hello.hpp"
#include "runtime/mesh/link_health.hpp"
#include "runtime/seams/clock.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace runtime::mesh {

namespace net = boost::asio;

constexpr std::chrono::milliseconds handshake_time_max{3'000}; ///< TLS and hellos together
constexpr std::chrono::milliseconds leave_time_max{300};       ///< for the other side to read why
constexpr std::chrono::milliseconds health_check_period{100};

/// For co_await: what fails is told by `failure`, not thrown.
inline auto into(boost::system::error_code& failure) {
  return net::redirect_error(net::use_awaitable, failure);
}

class session;
struct peer_link;

/// Who is told what becomes of a session; called on the link thread.
class session_owner {
public:
  virtual ~session_owner() = default;
  virtual void on_slow(session& which, bool slow) = 0;
  virtual void on_traffic(session& which, uint64_t bytes_in, uint64_t bytes_out, int64_t round_trip_us) = 0;
  virtual void on_ping(session& which, std::vector<std::string> sees) = 0;
  virtual std::vector<std::string> sees() = 0;
  /// Once. The stream is to be drained: what the actor system still writes goes nowhere.
  virtual void on_end(session& which, const std::string& reason) = 0;
};

class session : public std::enable_shared_from_this<session> {
public:
  using stream_socket = net::local::stream_protocol::socket;

  /// `dialled`: whom we connected to; empty on the accepting side.
  session(net::ip::tcp::socket socket, net::ssl::context& tls, expectation expected, session_owner& owner,
          const seams::clock& clock);

  /// TLS and hellos. Throws `refused`.
  net::awaitable<void> shake_hands();
  /// Tells the peer that it is accepted, and waits until it accepts us. Throws `refused`.
  net::awaitable<void> welcome();
  /// Tells the peer why not, as far as it can be told, and closes.
  net::awaitable<void> refuse(std::string why);

  /// From now on carries the bytes of `stream` in both directions.
  void carry(stream_socket stream);
  /// Tells the peer why, then ends.
  void close(const std::string& reason);
  /// Tells the peer at once whom this host sees.
  void ping();
  /// Ends at once.
  void drop(const std::string& reason);

  const hello& peer() const {
    return peer_;
  }
  const std::string& address() const {
    return address_;
  }
  bool ended() const {
    return ended_;
  }
  uint64_t number() const {
    return number_;
  }
  std::optional<stream_socket>& stream() {
    return stream_;
  }
  /// Under which the actor system finds the stream's other end; 0: it is found in another way.
  uint16_t port = 0;
  /// Whose link it is.
  std::weak_ptr<peer_link> of;

private:
  void expect_end_of_handshake();
  refused explain(const boost::system::error_code& error);
  net::awaitable<void> do_shake_hands();
  net::awaitable<frame> read_handshake_frame();
  net::awaitable<void> leave();

  void start(net::awaitable<void> part);
  net::awaitable<void> read_frames();
  net::awaitable<void> take(const frame& in);
  net::awaitable<void> read_stream();
  net::awaitable<void> write_frames();
  net::awaitable<void> watch_health();
  void tell_traffic();

  net::ssl::stream<net::ip::tcp::socket> tls_;
  expectation expected_;
  session_owner& owner_;
  const seams::clock& clock_;
  std::string address_;
  uint64_t number_;
  hello peer_;
  net::steady_timer deadline_;
  bool late_ = false;
  bool ended_ = false;

  frame_buffer in_;
  std::optional<stream_socket> stream_;
  std::optional<link_health> health_;
  bool slow_ = false;
  uint64_t bytes_in_ = 0;
  uint64_t bytes_out_ = 0;

  // What waits to be written; all of it bounded: one data frame, one of each other kind.
  net::steady_timer writable_; // woken: the writer has something to do
  net::steady_timer written_;  // woken: the data frame is written
  std::vector<char> data_;     // header and payload
  size_t data_bytes_ = 0;      // of the payload; 0: none waits
  std::optional<uint64_t> pong_;
  bool ping_ = false;
  std::optional<std::string> close_;
  bool leaving_ = false;
};

/// Waits until another part of the link thread wakes the timer. Single-threaded, so nothing is missed between a check
/// and this wait.
net::awaitable<void> wait_for(net::steady_timer& timer);
/// The same, at most `time`.
net::awaitable<void> wait_for(net::steady_timer& timer, std::chrono::milliseconds time);

} // namespace runtime::mesh
