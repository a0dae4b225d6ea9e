// `troupe trace`: the messages in and out of one actor, live. A trace is a bounded ring that actors write and one reader
// empties; what does not fit, or comes faster than its rate, is counted and left out. Process-wide and thread-safe, since
// it looks at every mailbox.
#pragma once

#include "runtime/telemetry/actor_table.hpp"
#include "runtime/telemetry/trace_gate.hpp"

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace runtime::telemetry {

constexpr size_t traces_max = 8;             ///< at the same time
constexpr size_t trace_ring_max = 4'096;     ///< events that wait for the reader
constexpr size_t trace_text_max = 400;       ///< bytes of a message's rendering
constexpr double trace_rate_max = 100'000;   ///< events per second
constexpr size_t trace_names_max = 4'096;    ///< peers whose names are remembered

struct trace_filter {
  std::string actor;  ///< id, as `troupe ps` prints it
  std::string type;   ///< part of the message's type; empty: all
  std::string match;  ///< part of the message's text; empty: all
  double rate = 100;  ///< events per second
};

struct trace_event {
  int64_t wall_us = 0;
  bool out = false;
  std::string peer;
  std::string type;
  std::string text;
  double seconds = -1; ///< the handler's time; below 0: not measured (a message that goes out)
};

class trace {
public:
  struct batch {
    std::vector<trace_event> events;
    uint64_t left_out = 0; ///< since the last batch
  };

  trace(trace_filter filter, std::shared_ptr<actor_table> table);
  ~trace();
  trace(const trace&) = delete;

  const trace_filter& filter() const {
    return filter_;
  }
  /// Readable (poll) while events wait.
  int event_fd() const {
    return event_fd_;
  }
  batch take();

  // ---- for the gate ----
  bool wants_type(const std::string& type) const {
    return type.find(filter_.type) != type.npos;
  }
  /// `full`: the whole text, of which a part is kept.
  void offer(bool out, const caf::abstract_actor* peer, const std::string& type, const std::string& full, double seconds);

private:
  bool admit(int64_t monotonic_us);
  const std::string& name_of(const caf::abstract_actor* peer);

  trace_filter filter_;
  std::shared_ptr<actor_table> table_;
  int event_fd_ = -1;
  std::mutex mutex_;
  std::deque<trace_event> ring_;
  uint64_t left_out_ = 0;
  double tokens_ = 0;
  int64_t refilled_us_ = 0;
  std::map<std::pair<caf::node_id, caf::actor_id>, std::string> names_;
};

using trace_ptr = std::shared_ptr<trace>;

/// Begins a trace; it ends when the last reference is gone. Throws std::runtime_error when there are too many already.
/// The actor may be restarted meanwhile, or not run yet.
trace_ptr begin_trace(trace_filter filter, std::shared_ptr<actor_table> table);

/// For the actor table: `id` is this actor from now on.
void trace_started(const std::string& id, const caf::abstract_actor& actor);

} // namespace runtime::telemetry
