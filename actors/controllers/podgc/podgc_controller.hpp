// The controller. Keys: "pass" for a look at all pods that might be garbage; "pod/<namespace>/<name>" for one that was found to
// be: it is made Failed, if it is not finished, and force-deleted.
#pragma once

#include <unordered_map>
#include <unordered_set>

#include "actors/controllers/framework/controller.hpp"
#include "actors/controllers/podgc/find_garbage.hpp"
#include "actors/controllers/podgc/quarantine.hpp"
#include "runtime/seams/clock.hpp"

namespace actors::controllers::podgc {

class podgc_controller final : public framework::controller {
public:
  /// Upstream's gcCheckPeriod. While no pod might be garbage, nothing is looked at.
  static constexpr std::chrono::milliseconds check_period{20'000};
  /// Instead of it, when a limit was met.
  static constexpr std::chrono::milliseconds check_period_when_full{1'000};
  /// Pods that are being deleted: what passes find beyond waits for the next one.
  static constexpr size_t in_work_max = 1'000;
  /// Of these, finished ones: a mountain of them must not hold up the others.
  static constexpr size_t terminated_in_work_max = in_work_max / 2;
  /// Missing nodes that are asked for in a pass.
  static constexpr size_t nodes_asked_max = 100;

  podgc_controller(runtime::seams::clock_ptr clock, runtime::telemetry::logger log,
                   int64_t terminated_threshold = terminated_threshold_default)
      : clock_(std::move(clock)), log_(std::move(log)), terminated_threshold_(terminated_threshold) {}

  void start(framework::setup& tools) override;
  framework::sync_plan sync(const std::string& key) override;

private:
  struct work {
    std::string uid;
    reason why = reason::terminated;
    bool failed = false; // it was made so, whatever a kubelet may have written since
  };

  void on_pod(const std::string& key, const client::entry* before, const client::entry* after);
  void on_node(const std::string& name, const client::entry* after);
  node_standing standing(std::string_view node) const;
  bool may_be_garbage(const pod_facts& pod) const;

  framework::sync_plan look_over();
  std::vector<pod_facts> look_at_candidates();
  /// Asks the API for a node that the cache lacks; in vain: its pods are begun with.
  framework::operation ask_for(const std::string& node, std::vector<garbage> orphans);
  void begin(const garbage& pod);

  framework::sync_plan delete_pod(const std::string& key);
  framework::operation make_failed(const std::string& key, const Pod& pod, const work& doing);
  framework::operation remove(const std::string& key, const Pod& pod, const work& doing);
  void give_up(const std::string& key, const client::api_result& why);
  size_t terminated_in_work() const;

  runtime::seams::clock_ptr clock_;
  runtime::telemetry::logger log_;
  int64_t terminated_threshold_;
  std::function<void(const std::string&)> enqueue_;
  std::function<void(const std::string&, std::chrono::milliseconds)> enqueue_after_;
  client::object_cache* nodes_ = nullptr;
  client::object_cache* pods_ = nullptr;
  /// Keys of pods that might be garbage, out of the cache: finished, ending, or on a node that is missing. Passes look at no others.
  std::unordered_set<std::string> candidates_;
  bool look_at_all_ = true; // candidates_ is not complete: at the start, and when a node has gone
  bool begun_ = false;      // the first pass was made
  quarantine quarantine_;
  std::unordered_map<std::string, work> in_work_; // by the pod's key
};

} // namespace actors::controllers::podgc
