// The controller. Keys: "node/<name>" for a node's health, taints and zone; "pod/<namespace>/<name>" for the eviction of
// one pod.
#pragma once

#include <unordered_map>

#include "actors/controllers/framework/controller.hpp"
#include "actors/controllers/nodelifecycle/node_conditions.hpp"
#include "actors/controllers/nodelifecycle/zones.hpp"
#include "runtime/seams/clock.hpp"

namespace actors::controllers::nodelifecycle {

class nodelifecycle_controller final : public framework::controller {
public:
  /// A kubelet that is silent for this long is lost; it renews its lease every 10 s. Upstream's --node-monitor-grace-period:
  /// longer than a client needs to notice a dead connection (45 s).
  static constexpr int64_t grace_us = 50'000'000;
  /// The same for a node that has never reported its status.
  static constexpr int64_t startup_grace_us = 60'000'000;
  /// Pods marked not ready in one look at a node.
  static constexpr size_t marked_max = 500;

  explicit nodelifecycle_controller(runtime::seams::clock_ptr clock) : clock_(std::move(clock)) {}

  void start(framework::setup& tools) override;
  framework::sync_plan sync(const std::string& key) override;

private:
  struct node_state {
    std::string uid;
    int64_t heard_us = 0;         // when a sign of life was last noticed, monotonic
    int64_t lease_renewed = 0;    // as the lease says
    int64_t reported = 0;         // as the Ready condition says
    int64_t taints_seen = 0;      // when the first NoExecute taint was noticed, wall seconds
    bool registered = false;      // the Event was recorded
    bool mark_pods = false;       // its kubelet has just reported that it is not ready
  };

  void on_node(const std::string& name, const client::entry* before, const client::entry* after);
  void on_lease(const client::entry* after);
  void on_pod(const std::string& key, const client::entry* before, const client::entry* after);
  void enqueue_pods_of(const std::string& node);
  void enqueue_all_nodes();
  void notice_blindness();

  framework::sync_plan sync_node(const std::string& name);
  framework::sync_plan sync_pod(const std::string& key);
  /// True: the plan makes its conditions Unknown, everything else follows from that.
  bool check_health(const client::entry& item, node_state& state, framework::sync_plan& plan);
  void set_taints(const client::entry& item, framework::sync_plan& plan);
  void mark_pods_not_ready(const client::entry& item, node_state& state, framework::sync_plan& plan);

  runtime::seams::clock_ptr clock_;
  std::function<void(const std::string&)> enqueue_;
  std::function<bool()> connected_;
  client::object_cache* nodes_ = nullptr;
  client::object_cache* leases_ = nullptr;
  client::object_cache* pods_ = nullptr;
  std::unordered_map<std::string, node_state> states_;
  std::unordered_map<std::string, std::string> removed_; // names and uids whose Event is due
  zone_table zones_;
  std::unordered_map<std::string, int64_t> evictions_; // keys of pods, and when they are due
  bool blind_ = false;
};

} // namespace actors::controllers::nodelifecycle
