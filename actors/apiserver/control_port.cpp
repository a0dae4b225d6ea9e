#include "actors/apiserver/control_port.hpp"

#include <csignal>
#include <thread>
#include <utility>

#include "runtime/control/measure.hpp"
#include "runtime/mesh/commands.hpp"

namespace actors::apiserver {

namespace {

void block_signals() {
  sigset_t signals;
  sigfillset(&signals);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

} // namespace

control_port::control_port(runtime::control::command_table_ptr commands, runtime::telemetry::logger log) {
  state_->commands = std::move(commands);
  state_->log = std::move(log);
  const auto start = [this](void (*run)(shared_state&)) {
    std::thread{[state = state_, run] {
      block_signals();
      run(*state);
    }}.detach();
  };
  start(run_measurements);
  for (size_t i = 0; i < command_threads; ++i)
    start(run_commands);
}

control_port::~control_port() {
  std::lock_guard guard{state_->mutex};
  state_->stopping = true;
  state_->changed.notify_all();
}

void control_port::measure(std::function<void(samples)> done) {
  {
    std::lock_guard guard{state_->mutex};
    if (state_->measurements.size() < waiting_max) {
      state_->measurements.push_back(std::move(done));
      state_->changed.notify_all();
      return;
    }
  }
  done({});
}

void control_port::command(runtime::control::words request, std::function<void(runtime::control::reply)> done) {
  {
    std::lock_guard guard{state_->mutex};
    if (state_->jobs.size() < waiting_max) {
      state_->jobs.push_back({std::move(request), std::move(done), std::chrono::steady_clock::now() + command_time_max});
      state_->changed.notify_all();
      return;
    }
  }
  done(runtime::control::refuse("the host has too many commands waiting; try again"));
}

void control_port::run_measurements(shared_state& state) {
  std::unique_lock lock{state.mutex};
  for (;;) {
    state.changed.wait(lock, [&] { return state.stopping || !state.measurements.empty(); });
    if (state.measurements.empty())
      return; // stopping, and nobody waits any more
    auto waiting = std::exchange(state.measurements, {});
    lock.unlock();
    const auto reply = state.commands->answer({"all", "measure"}, std::chrono::steady_clock::now() + measure_time_max);
    const auto lines = reply.error.empty() ? runtime::mesh::answered_lines(reply) : std::nullopt;
    auto hosts = lines ? runtime::control::decode_samples(*lines) : std::nullopt;
    if (!hosts)
      state.log.warning("the host's measurements cannot be read", {{"why", reply.error}});
    for (auto& done : waiting)
      done(hosts.value_or(samples{}));
    waiting.clear();
    lock.lock();
  }
}

void control_port::run_commands(shared_state& state) {
  std::unique_lock lock{state.mutex};
  for (;;) {
    state.changed.wait(lock, [&] { return state.stopping || !state.jobs.empty(); });
    if (state.jobs.empty())
      return;
    auto next = std::move(state.jobs.front());
    state.jobs.pop_front();
    const bool stopping = state.stopping;
    lock.unlock();
    if (stopping)
      next.done(runtime::control::refuse("the apiserver is ending"));
    else if (std::chrono::steady_clock::now() >= next.until)
      next.done(runtime::control::refuse("it waited too long behind other commands and was not carried out"));
    else
      next.done(state.commands->answer(next.request, next.until));
    next = {};
    lock.lock();
  }
}

} // namespace actors::apiserver
