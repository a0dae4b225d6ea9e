// Where blocking work runs: on threads of its own, or (simulation, hollow nodes) at once in the caller.
#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace actors::kubelet::workers {

class executor {
public:
  virtual ~executor() = default;
  /// Every caller bounds what it has under way (a pod: one pass, a probe: one attempt), so nothing is
  /// refused.
  virtual void run(std::function<void()> job) = 0;
};

/// Threads are made on demand up to `threads_max` and end when idle. Destruction drops waiting jobs and waits
/// shortly for running ones; those that still block (a runtime that does not answer) end on their own.
std::shared_ptr<executor> make_threads(size_t threads_max);
std::shared_ptr<executor> make_inline();

inline constexpr std::chrono::seconds idle_time{10};
inline constexpr std::chrono::seconds stop_wait{2};

/// Held while something works on a pod of a node: after a restart of the kubelet's actor, what the old one
/// began must end before the new one begins. Process-wide; waits.
class pod_lock {
public:
  explicit pod_lock(std::string key);
  ~pod_lock();
  pod_lock(const pod_lock&) = delete;

private:
  std::string key_;
};

} // namespace actors::kubelet::workers
