// A thread with its connections. Private to the wire.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <atomic>
#include <memory>
#include <thread>
#include <unordered_map>

#include "actors/apiserver/http/message.hpp"
#include "actors/apiserver/http/tls.hpp"
#include "runtime/seams/clock.hpp"
#include "runtime/telemetry/log.hpp"

namespace actors::apiserver::http {

/// What all connections share. Outlives them.
struct shared_state {
  shared_state(const auth::pki& keys, std::shared_ptr<handler> serve, runtime::seams::clock_ptr time,
               runtime::telemetry::logger logger)
      : tls(keys), served(std::move(serve)), clock(std::move(time)), log(std::move(logger)) {}
  tls_context tls;
  std::shared_ptr<handler> served;
  runtime::seams::clock_ptr clock;
  runtime::telemetry::logger log;
  std::atomic<size_t> connections{0};
};

class connection;

class loop final : public event_loop, public std::enable_shared_from_this<loop> {
public:
  loop(size_t index, std::shared_ptr<shared_state> shared)
      : index_(index), shared_(std::move(shared)), io_(1) {}

  void post(std::function<void()> work) override;
  size_t index() const override { return index_; }
  boost::asio::io_context& io() { return io_; }
  shared_state& shared() { return *shared_; }

  void start();
  /// Takes over a connected socket that belongs to io(). On this loop.
  void adopt(boost::asio::ip::tcp::socket socket);
  /// Asks every connection to end. Any thread.
  void end_connections();
  void stop_and_join();

  // ---- for connections, on this loop ----
  void add(const std::shared_ptr<connection>& item);
  void remove(connection* item);

private:
  size_t index_;
  std::shared_ptr<shared_state> shared_;
  boost::asio::io_context io_;
  std::thread thread_;
  std::unordered_map<connection*, std::weak_ptr<connection>> connections_;
};

} // namespace actors::apiserver::http
