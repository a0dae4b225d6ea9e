// The host's end of the control socket: one thread of its own that reads the actor table, never a CAF worker, so that
// an operator gets an answer while every worker is busy. Serves one request at a time, each within its deadline.
#pragma once

#include "runtime/control/protocol.hpp"
#include "runtime/control/socket.hpp"
#include "runtime/seams/clock.hpp"
#include "runtime/telemetry/actor_table.hpp"
#include "runtime/telemetry/log.hpp"

#include <memory>
#include <thread>

namespace runtime::control {

constexpr std::chrono::milliseconds request_time_max{2'000};  ///< for a client to send its line
constexpr std::chrono::milliseconds reply_time_max{5'000};    ///< for a client to take the reply
constexpr std::chrono::milliseconds fail_time_max{2'000};     ///< for an actor to fail; then it is killed
constexpr std::chrono::milliseconds kill_time_max{3'000};     ///< for a killed actor to end
constexpr std::chrono::milliseconds sample_period{1'000};     ///< of messages per second

class server {
public:
  /// Listens in the data folder. Throws std::system_error.
  server(const std::filesystem::path& data, std::shared_ptr<telemetry::actor_table> table, seams::clock_ptr clock,
         telemetry::logger log);
  ~server();

private:
  void run();
  void serve(int fd);

  std::filesystem::path data_;
  std::shared_ptr<telemetry::actor_table> table_;
  seams::clock_ptr clock_;
  telemetry::logger log_;
  descriptor listener_;
  descriptor stop_;
  std::thread thread_;
};

/// Answers one request line.
reply answer(telemetry::actor_table& table, std::string_view line);

} // namespace runtime::control
