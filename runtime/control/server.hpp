// The host's end of the control socket: threads of its own that read the actor table, never a CAF worker, so that an
// operator gets an answer while every worker is busy. A thread per client, a bounded number of them, each with deadlines.
#pragma once

#include "runtime/control/command_table.hpp"
#include "runtime/control/protocol.hpp"
#include "runtime/control/socket.hpp"
#include "runtime/seams/clock.hpp"
#include "runtime/telemetry/actor_table.hpp"
#include "runtime/telemetry/log.hpp"

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

namespace runtime::control {

constexpr std::chrono::milliseconds request_time_max{2'000};  ///< for a client to send its line
constexpr std::chrono::milliseconds reply_time_max{5'000};    ///< for a client to take the reply
constexpr std::chrono::milliseconds answer_time_max{60'000};  ///< for a command
constexpr size_t clients_max = 32;                            ///< at a time; others are told to try again
constexpr std::chrono::milliseconds fail_time_max{2'000};     ///< for an actor to fail; then it is killed
constexpr std::chrono::milliseconds kill_time_max{3'000};     ///< for a killed actor to end
constexpr std::chrono::milliseconds sample_period{1'000};     ///< of messages per second

class server {
public:
  /// Listens in the data folder; adds `ps`, `tree` and `kill` to `commands`. Throws std::system_error.
  server(const std::filesystem::path& data, std::shared_ptr<telemetry::actor_table> table, command_table_ptr commands,
         seams::clock_ptr clock, telemetry::logger log);
  ~server();

private:
  void run();
  void begin_serving(descriptor client);
  void serve(int fd);
  void serve_stream(int fd, const stream_handler& run, const words& request);

  std::filesystem::path data_;
  std::shared_ptr<telemetry::actor_table> table_;
  command_table_ptr commands_;
  seams::clock_ptr clock_;
  telemetry::logger log_;
  descriptor listener_;
  descriptor stop_;
  std::thread thread_;
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;
  std::condition_variable client_left_;
  size_t clients_ = 0;
};

/// `ps`, `tree` and `kill`.
void add_actor_commands(command_table& commands, std::shared_ptr<telemetry::actor_table> table,
                        const telemetry::logger& log);

} // namespace runtime::control
