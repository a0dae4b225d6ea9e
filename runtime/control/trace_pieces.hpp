// A trace that is fetched piece by piece, for actors of other hosts: the mesh carries calls, not streams.
//
//   request  trace-piece SESSION ACTOR TYPE MATCH RATE      SESSION: a word of the client's own choice
//   lines    as trace_stream.hpp says, what came since the last piece; at least `left`
#pragma once

#include "runtime/control/command_table.hpp"
#include "runtime/telemetry/trace.hpp"

#include <condition_variable>
#include <thread>

namespace runtime::control {

/// Sessions begin with their first piece, and end when nobody has asked for the next one for `session_idle_max`. Their number
/// is bounded by telemetry::traces_max. Thread-safe.
class trace_pieces {
public:
  static constexpr std::chrono::seconds session_idle_max{5};

  explicit trace_pieces(std::shared_ptr<telemetry::actor_table> actors);
  ~trace_pieces();

  /// Waits for events for trace_heartbeat, but not beyond `until`.
  reply next(const words& request, std::chrono::steady_clock::time_point until);

private:
  struct session {
    telemetry::trace_ptr trace;
    std::chrono::steady_clock::time_point used;
    bool waiting = false; // a piece is being fetched
  };
  void end_idle();

  std::shared_ptr<telemetry::actor_table> actors_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, session> sessions_;
  bool stopping_ = false;
  std::thread ender_;
};

} // namespace runtime::control
