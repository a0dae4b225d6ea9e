// The cluster_port of an apiserver within a host: asks the host's command table, on threads of its own, since a command may
// block for seconds.
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "actors/apiserver/cluster_port.hpp"
#include "runtime/control/command_table.hpp"
#include "runtime/telemetry/log.hpp"

namespace actors::apiserver {

class control_port final : public cluster_port {
public:
  static constexpr std::chrono::milliseconds measure_time_max{2'000};
  static constexpr std::chrono::milliseconds command_time_max{50'000};
  static constexpr size_t command_threads = 2;
  static constexpr size_t waiting_max = 256; // of each kind; more are refused

  control_port(runtime::control::command_table_ptr commands, runtime::telemetry::logger log);
  /// Does not wait for what is under way: that may be the end of the apiserver itself (`kill`), which waits for this.
  ~control_port() override;

  void measure(std::function<void(samples)> done) override;
  void command(runtime::control::words request, std::function<void(runtime::control::reply)> done) override;

private:
  struct job {
    runtime::control::words request;
    std::function<void(runtime::control::reply)> done;
    std::chrono::steady_clock::time_point until; // then its client has been told that it is over
  };
  /// Shared with the threads, which end by themselves within the deadlines above.
  struct shared_state {
    runtime::control::command_table_ptr commands;
    runtime::telemetry::logger log;
    std::mutex mutex;
    std::condition_variable changed;
    bool stopping = false;
    std::vector<std::function<void(samples)>> measurements; // all that wait share the next one
    std::deque<job> jobs;
  };
  static void run_measurements(shared_state& state);
  static void run_commands(shared_state& state);

  std::shared_ptr<shared_state> state_ = std::make_shared<shared_state>();
};

} // namespace actors::apiserver
