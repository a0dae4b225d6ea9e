// When which probe of which container runs, and what the results say. Owned by the kubelet's actor and used
// only in its handlers; attempts run on worker threads.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include "actors/kubelet/pods/pod_status.hpp"
#include "actors/kubelet/probes/probe_io.hpp"

namespace actors::kubelet::probes {

/// Results for one pod: the verdicts, and Unhealthy events.
struct unhealthy {
  std::string container, message;
};

class probe_loop {
public:
  struct hooks {
    std::function<int64_t()> now_us;  ///< monotonic: probes go on when the wall clock is set back
    std::function<int64_t()> wall_us; ///< what containers' start times are of
    /// Runs an attempt on a worker's thread and calls back on the actor.
    std::function<void(std::function<attempt()>, std::function<void(attempt)>)> run;
    std::function<void(int64_t us, std::function<void()>)> after;
    /// The pod's verdicts have changed.
    std::function<void(const std::string& uid)> changed;
    std::function<void(const std::string& uid, const unhealthy&)> report;
  };
  probe_loop(hooks h, std::shared_ptr<cri::container_runtime> runtime)
      : hooks_(std::move(h)), runtime_(std::move(runtime)) {}

  /// The containers of a pod as they are now. `previous`: the status in the API, so that an adopted container
  /// stays ready and started until a probe says otherwise.
  void update(const std::string& uid, std::shared_ptr<const pods::pod_spec> pod,
              const pods::runtime_status& status, const pods::pod_status* previous);
  void forget(const std::string& uid) { pods_.erase(uid); }
  pods::verdict_table verdicts(const std::string& uid) const;

private:
  struct running_probe {
    probe_kind kind;
    const pods::container_spec* container; ///< into the pod's spec
    const pods::probe_spec* spec;
    probe_state state;
  };
  struct probed_pod {
    std::shared_ptr<const pods::pod_spec> pod;
    std::string ip;
    std::map<std::pair<std::string, probe_kind>, running_probe> probes;
    std::map<std::string, std::string> ids; ///< running instances by container name
    uint64_t generation = 0;                ///< timers of an earlier one are stale
  };
  bool is_started(const probed_pod& p, const std::string& container) const;
  void tick(const std::string& uid, uint64_t generation);
  void plan(const std::string& uid, probed_pod& p);
  void begin_attempt(const std::string& uid, probed_pod& p, running_probe& probe);
  void on_result(const std::string& uid, const std::string& container, probe_kind kind, const std::string& id,
                 attempt a);

  hooks hooks_;
  std::shared_ptr<cri::container_runtime> runtime_;
  std::map<std::string, probed_pod> pods_;
};

} // namespace actors::kubelet::probes
