// What a supervisor does about an ended child: pure functions over plain data, no actors.
#pragma once

#include "runtime/supervision/child_spec.hpp"

#include <chrono>
#include <cstddef>
#include <deque>
#include <string_view>
#include <vector>

namespace runtime::supervision {

enum class strategy : uint8_t {
  one_for_one,  ///< the ended child alone is restarted
  one_for_all,  ///< all children are stopped and restarted
  rest_for_one, ///< the children that were started after it are stopped and restarted with it
};

std::string_view to_string(strategy how);

/// The moments of a supervisor's newest restarts; holds at most `restarts_max + 1` of them.
class restart_history {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// Records a restart; true when that is one too many.
  bool add(time_point now, const restart_intensity& limit);

private:
  std::deque<time_point> moments_;
};

enum class verdict : uint8_t {
  leave,    ///< the child stays down
  restart,  ///< `affected` are stopped if need be, and started after `delay`
  escalate, ///< the supervisor stops its children and fails itself
};

struct restart_decision {
  verdict what = verdict::leave;
  std::chrono::milliseconds delay{0};
  std::vector<size_t> affected; ///< indices in start order, the ended child's among them
};

/// The child that ended, as its supervisor sees it.
struct ended_child {
  size_t index = 0;
  size_t children = 1;  ///< how many the supervisor has
  bool orderly = false; ///< ended without a failure
  size_t streak = 0;    ///< failures in a row before this one; 0 once it lived long enough
  bool too_many = false; ///< restart_history says so
};

/// `chance` in [0, 1) places the delay within its jitter.
restart_decision decide_restart(const ended_child& child, const child_spec& spec, strategy how, double chance);

/// 0 for the first failure of a streak, then `first`, doubling up to `cap`, with jitter.
std::chrono::milliseconds decide_backoff(const backoff_policy& policy, size_t streak, double chance);

bool wants_restart(restart_policy policy, bool orderly);

std::vector<size_t> affected_children(strategy how, size_t index, size_t children);

} // namespace runtime::supervision
