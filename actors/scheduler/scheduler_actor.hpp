// The actor: keeps the cluster's picture, takes pods from the queue, decides, binds. It goes on with the next pod while
// bindings are under way: a pod that is being bound is assumed to be on its node.
#pragma once

#include <unordered_map>

#include "actors/client/api_client.hpp"
#include "actors/client/event_recorder.hpp"
#include "actors/client/swap_trial.hpp"
#include "actors/scheduler/decider.hpp"
#include "actors/scheduler/queue/scheduling_queue.hpp"
#include "runtime/hotswap/seat.hpp"
#include "runtime/telemetry/metered.hpp"

namespace actors::scheduler {

using scheduler_interface = client::consumer_actor::extend_with<runtime::hotswap::swap_actor>;

class scheduler_actor : public runtime::telemetry::metered<scheduler_interface::base> {
public:
  using super = runtime::telemetry::metered<scheduler_interface::base>;

  static constexpr size_t bindings_in_flight_max = 256;
  /// Decisions in one go, before other messages get their turn.
  static constexpr size_t decisions_per_turn_max = 64;
  static constexpr size_t event_message_bytes_max = 1024; // the API's limit
  static constexpr std::string_view own_name = "default-scheduler";

  scheduler_actor(caf::actor_config& config, runtime::host::role_context context);

  behavior_type make_behavior() override;
  void on_exit() override;
  const char* name() const override { return "scheduler"; }

private:
  using pod_ptr = std::shared_ptr<const cache::pod_info>;

  void on_pod(const std::string& key, const client::entry* before, const client::entry* after);
  void on_node(const std::string& name, const client::entry* before, const client::entry* after);
  void pump();
  void schedule_one(const pod_ptr& pod);
  void bind(const pod_ptr& pod, const std::string& node);
  void on_binding_refused(const cache::pod_info& pod, const client::api_result& result);
  void forget_pod(const std::string& key);
  /// An Event, and the condition PodScheduled when it does not say so yet.
  void report(const cache::pod_info& pod, std::string_view reason, const std::string& message);
  void wake_at_next_due();
  runtime::hotswap::swap_outcome swap(const runtime::hotswap::swap_order& order);
  void check_trial();
  void roll_back(const std::string& reason);
  runtime::hotswap::work_done work_now() const;
  client::object_reference reference(const cache::pod_info& pod) const;
  int64_t now_us() const { return context_.clock->monotonic_us(); }

  runtime::host::role_context context_;
  client::api_client api_;
  client::event_recorder events_;
  cache::cluster_cache cluster_;
  queue::scheduling_queue queue_;
  std::unordered_map<std::string, std::string> binding_; // key to uid
  client::object_cache* pods_ = nullptr;
  std::optional<uint64_t> timer_;
  runtime::hotswap::seat seat_;
  client::swap_trial trial_; // of the seat's version
  std::shared_ptr<decider> decider_; // the seat's
};

} // namespace actors::scheduler
