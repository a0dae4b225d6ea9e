// What is known of one actor at one moment, as plain data: the row of `troupe ps`, and what was measured of it.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace runtime::telemetry {

enum class actor_state : uint8_t {
  starting,   ///< spawned, not yet ready to serve
  running,    ///< serves
  restarting, ///< ended by a failure; its supervisor waits before the next start
  stopped,    ///< ended in order and stays down
  failed,     ///< ended by a failure and stays down
};

std::string_view to_string(actor_state state);

struct actor_row {
  std::string id;
  std::string role;
  std::string host;
  actor_state state = actor_state::stopped;
  uint64_t starts = 0; ///< how often it was started, the first time included
  uint64_t mailbox_depth = 0;
  double messages_per_second = 0;
  std::string last_failure; ///< text of the newest failure; empty when there was none

  uint64_t restarts() const {
    return starts > 0 ? starts - 1 : 0;
  }
};

/// A row and its place in the supervision tree.
struct tree_row {
  actor_row row;
  std::string parent;   ///< the id above; empty: a root
  std::string strategy; ///< of a supervisor; empty: it is none
  uint64_t restarts_max = 0;
  std::chrono::milliseconds period{0};
};

/// Upper bounds of handling times, and their names in /metrics. What is longer is in one more bucket.
constexpr std::array<uint64_t, 6> latency_bounds_ns{10'000, 100'000, 1'000'000, 10'000'000, 100'000'000, 1'000'000'000};
constexpr std::array<std::string_view, 6> latency_bound_names{"1e-05", "0.0001", "0.001", "0.01", "0.1", "1"};
constexpr size_t latency_buckets = latency_bounds_ns.size() + 1;

/// The handling times of one type of message, as read.
struct handler_times {
  std::string message;
  std::array<uint64_t, latency_buckets> buckets{}; ///< not cumulative
  double seconds = 0;

  uint64_t count() const;
  handler_times& operator+=(const handler_times& other);
};

/// A row and what was counted of its actor since it was started.
struct actor_sample {
  actor_row row;
  std::string parent; ///< id of its supervisor, or of the role that it is a part of; empty for the root
  uint64_t handled = 0;
  int64_t epoch = 0;      ///< of a singleton's tenure here; 0: not fenced, or standby
  uint64_t takeovers = 0; ///< how often this host took the role over
  uint64_t swaps = 0;     ///< how often its code was replaced
  std::vector<handler_times> times;
};

} // namespace runtime::telemetry
