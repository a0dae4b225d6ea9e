// Calls between control servers: the thread that answers other hosts' requests, and what a caller waits on.
#pragma once

#include <caf/actor.hpp>
#include <caf/allowed_unsafe_message_type.hpp>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace runtime::mesh {

constexpr size_t call_bytes_max = 16 << 20;      ///< of one answer
constexpr size_t call_part_bytes = 1 << 20;      ///< of one message
constexpr size_t calls_waiting_max = 32;         ///< of other hosts, until one of this host's threads answers them
constexpr size_t call_threads = 2;               ///< so that one command that takes long does not hold up everybody's `ps`
constexpr size_t calls_open_max = 256;           ///< of this host's callers

struct call_result {
  std::string host;
  std::string error; ///< empty: `text` is the answer
  std::string text;
};

/// One request line to its answer. May block until `until`; several calls may run at once.
using answerer = std::function<std::string(const std::string& line, std::chrono::steady_clock::time_point until)>;

/// To the local gate: a caller waits for the promise.
struct call_request {
  std::string host;
  std::string line;
  std::shared_ptr<std::promise<call_result>> promise;
  std::chrono::milliseconds deadline;
};

/// From an answering thread to the local gate.
struct call_answered {
  uint64_t ticket = 0;
  std::string text;
};

/// Threads that answer calls, so that no CAF worker waits for them.
class call_server {
public:
  call_server();
  ~call_server();

  void set_answerer(answerer answer);
  /// The answer goes to `gate` as call_answered. False when too many wait.
  /// What has not begun by `until` is not carried out any more: its caller has been told that there is no answer.
  bool ask(uint64_t ticket, std::string line, std::chrono::steady_clock::time_point until, const caf::actor& gate);
  /// The caller is gone: if it has not begun, it is not carried out.
  void forget(uint64_t ticket);
  /// Forgets what waits; must come before the actor system ends.
  void stop();

private:
  struct job {
    uint64_t ticket;
    std::string line;
    std::chrono::steady_clock::time_point until;
    caf::actor gate;
  };
  void run();

  std::mutex mutex_;
  std::condition_variable changed_;
  answerer answer_;
  std::deque<job> jobs_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

} // namespace runtime::mesh

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(runtime::mesh::call_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(runtime::mesh::call_answered)
