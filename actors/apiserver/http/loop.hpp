// A thread with its connections. Private to the wire.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_map>

#include "actors/apiserver/http/body_budget.hpp"
#include "actors/apiserver/http/message.hpp"
#include "actors/apiserver/http/tls.hpp"
#include "runtime/seams/clock.hpp"
#include "runtime/telemetry/log.hpp"

namespace actors::apiserver::http {

/// How many there are; a stop waits until none is left. Any thread.
class connection_count {
public:
  void add() { ++count_; }
  void drop() {
    if (--count_ > 0)
      return;
    std::lock_guard guard{mutex_}; // between the waiter's look and its wait no news is lost
    none_left_.notify_all();
  }
  size_t value() const { return count_; }
  /// False when the time is over.
  bool wait_for_none(std::chrono::milliseconds timeout) {
    std::unique_lock guard{mutex_};
    return none_left_.wait_for(guard, timeout, [this] { return count_ == 0; });
  }

private:
  std::atomic<size_t> count_{0};
  std::mutex mutex_;
  std::condition_variable none_left_;
};

/// One connection's place among them, from its acceptance on.
class connection_place {
public:
  explicit connection_place(connection_count& of) : of_(of) { of_.add(); }
  ~connection_place() { of_.drop(); }
  connection_place(const connection_place&) = delete;

private:
  connection_count& of_;
};

/// What all connections share. Outlives them.
struct shared_state {
  shared_state(const auth::pki& keys, std::shared_ptr<handler> serve, runtime::seams::clock_ptr time,
               runtime::telemetry::logger logger)
      : tls(keys), served(std::move(serve)), clock(std::move(time)), log(std::move(logger)) {}
  tls_context tls;
  std::shared_ptr<handler> served;
  runtime::seams::clock_ptr clock;
  runtime::telemetry::logger log;
  connection_count connections;
  std::shared_ptr<body_budget> bodies = std::make_shared<body_budget>();
};

class connection;

class loop final : public event_loop, public std::enable_shared_from_this<loop> {
public:
  loop(size_t index, std::shared_ptr<shared_state> shared)
      : index_(index), shared_(std::move(shared)), io_(1) {}

  void post(std::function<void()> work) override;
  size_t index() const override { return index_; }
  /// Whether the caller is on this loop's thread.
  bool runs_here() { return io_.get_executor().running_in_this_thread(); }
  boost::asio::io_context& io() { return io_; }
  shared_state& shared() { return *shared_; }

  void start();
  /// Takes over a connected socket that belongs to io(). On this loop.
  void adopt(boost::asio::ip::tcp::socket socket, std::shared_ptr<connection_place> place);
  /// Asks every connection to end. Any thread.
  /// `grace`: for which one without a request waits for one.
  void end_connections(std::chrono::milliseconds grace);
  /// Ends the connections that have waited longest without a request, a few at a time. Any thread.
  void make_room();
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
  std::optional<std::chrono::milliseconds> ending_; // those that come late end, too
};

} // namespace actors::apiserver::http
