// What a supervisor knows when it gives up, and how an operator reads it. Plain data, pure functions.
#pragma once

#include "runtime/supervision/child_spec.hpp"

#include <deque>
#include <string>
#include <vector>

namespace runtime::supervision {

constexpr size_t failures_kept_max = 8;        ///< different ones, per supervisor
constexpr size_t failure_text_bytes_max = 400; ///< of one in a report

/// Failures of one child with the same text.
struct noted_failure {
  std::string child;
  std::string text;
  size_t times = 1;
};

/// The newest failures of a supervisor's children.
class failure_log {
public:
  void add(const std::string& child, const std::string& text);
  /// Oldest first.
  std::vector<noted_failure> entries() const { return {entries_.begin(), entries_.end()}; }

private:
  std::deque<noted_failure> entries_;
};

struct exhaustion {
  std::string supervisor;
  std::string child; ///< whose failure was one too many
  restart_intensity limit;
  bool of_child_alone = false;         ///< the limit is the child's own, not the supervisor's
  std::vector<noted_failure> failures; ///< the newest last
};

/// One line: "supervisor/kubelet gave up: more than 15 restarts in 10s; last: kubelet/node-a: no such file".
std::string describe(const exhaustion& what);

/// Why a host ended: the supervisors below that gave up, the root last, their failures, and what to do.
/// Several lines without a newline at the end.
std::string render_report(const std::vector<exhaustion>& chain);

} // namespace runtime::supervision
