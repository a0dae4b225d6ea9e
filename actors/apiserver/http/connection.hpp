// One client: handshake, then request after request, each answered in full before the next one is taken up.
// Lives on one loop; no locks. Private to the wire.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "actors/apiserver/http/loop.hpp"
#include "actors/apiserver/http/request_parser.hpp"
#include "actors/apiserver/http/tls.hpp"

namespace actors::apiserver::http {

class connection : public std::enable_shared_from_this<connection> {
public:
  connection(loop& home, boost::asio::ip::tcp::socket socket, std::shared_ptr<connection_place> place);
  ~connection();
  void start();
  /// Ends after the request in progress; streams end now.
  void stop(std::chrono::milliseconds grace);
  /// From the responder, on the loop.
  void deliver(uint64_t request_id, response answer);
  /// Since when it waits for a request; nothing: it does not, or others have asked it to end.
  std::optional<std::chrono::steady_clock::time_point> idle_since() const { return stopping_ ? std::nullopt : idle_since_; }
  std::weak_ptr<loop> home() const { return home_.weak_from_this(); }

private:
  using steady = std::chrono::steady_clock;
  using deadline = steady::time_point;
  template <class T>
  using task = boost::asio::awaitable<T>;

  task<void> run();
  task<bool> handshake();
  task<bool> refuse_plain_text();
  task<bool> serve_one();
  task<bool> receive();
  task<bool> respond(bool keep_alive, bool old_version, bool head_only);
  task<bool> stream(body_source& source, bool chunked);
  task<void> linger();
  task<bool> read_some(deadline until);
  task<bool> write_all(std::string_view bytes);
  /// False: nothing happened until the deadline.
  task<bool> wait(deadline until);
  /// To be called after `bytes` went in or out: one with a fast client must not keep the thread for itself.
  task<void> give_turn(size_t bytes);
  bool body_fits();
  void poll_peer();
  void arm_read();
  void arm_write();
  void notify();

  loop& home_;
  shared_state& shared_;
  std::shared_ptr<connection_place> place_; // given back last
  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer event_;
  std::unique_ptr<tls_stream> tls_;
  std::unique_ptr<request_parser> parser_;
  std::shared_ptr<const auth::peer_certificate> certificate_;
  std::string remote_;
  std::string in_; // received and not yet parsed
  bool happened_ = false;
  bool answered_ = false; // just now: the client has nothing to say yet
  bool read_armed_ = false, write_armed_ = false;
  bool peer_gone_ = false;
  bool stopping_ = false;
  deadline stop_at_{}; // when stopping: an idle connection ends
  bool woken_ = false;
  std::optional<deadline> idle_since_;
  size_t turn_bytes_ = 0; // since others had their turn
  std::shared_ptr<body_budget::share> body_share_;
  uint64_t request_id_ = 0;
  std::optional<response> answer_;
};

} // namespace actors::apiserver::http
