// The controller: watches, keys, and the plan for one Deployment. Each look takes one step (make the new ReplicaSet, resize,
// clean up) and brings the status up to date; what the step causes brings the next look.
#pragma once

#include <optional>

#include "actors/controllers/deployment/rollout.hpp"
#include "actors/controllers/framework/controller.hpp"
#include "runtime/seams/clock.hpp"

namespace messages::api::apps::v1 {
struct ReplicaSet;
}

namespace actors::controllers::deployment {

/// A ReplicaSet of the Deployment. Most looks need its numbers only.
struct owned_set {
  explicit owned_set(const client::entry& from);
  /// For comparison and change; decoded when it is asked for.
  const client::draft& object() const;
  const messages::api::apps::v1::ReplicaSet& typed() const;
  std::string_view annotation(std::string_view key) const;

  const client::entry* item;
  set_state state;

private:
  mutable std::optional<client::draft> object_;
};

/// One Deployment and its ReplicaSets; what the steps work on.
struct deployment_view {
  const client::entry* item = nullptr;
  client::draft object;
  std::vector<owned_set> sets; // oldest first
  owned_set* new_set = nullptr;
  int32_t wanted = 1;
  limits bounds;
  bool rolling = true;
  int64_t now_seconds = 0;

  std::vector<owned_set*> old_sets();
  std::string name() const;
  std::string name_space() const;
  int64_t revision_max() const; // of all sets' revision annotations
};

class deployment_controller final : public framework::controller {
public:
  explicit deployment_controller(runtime::seams::clock_ptr clock) : clock_(std::move(clock)) {}

  void start(framework::setup& tools) override;
  framework::sync_plan sync(const std::string& key) override;

private:
  deployment_view view_of(const client::entry& item, framework::sync_plan& plan);
  bool old_pods_running(const deployment_view& view) const;

  runtime::seams::clock_ptr clock_;
  client::object_cache* deployments_ = nullptr;
  client::object_cache* sets_ = nullptr;
  client::object_cache* pods_ = nullptr;
};

// ---- the steps, each a function of the view (steps.cpp, conditions.cpp) ----

/// Makes the new ReplicaSet, or brings its annotations up to date. True: an operation was added.
bool ensure_new_set(deployment_view& view, framework::sync_plan& plan);
void add_resize(deployment_view& view, const owned_set& set, int32_t to, framework::sync_plan& plan);
/// The scale changed while sets of several sizes exist, or while paused. True: operations were added.
bool scale_if_asked(deployment_view& view, framework::sync_plan& plan);
void roll(deployment_view& view, framework::sync_plan& plan);
void recreate(deployment_view& view, bool old_pods_running, framework::sync_plan& plan);
/// Deletes old, empty ReplicaSets beyond spec.revisionHistoryLimit.
void clean_up(deployment_view& view, framework::sync_plan& plan);
bool is_complete(const deployment_view& view);
void add_status(deployment_view& view, framework::sync_plan& plan);

inline constexpr std::string_view revision_annotation = "deployment.kubernetes.io/revision";
inline constexpr std::string_view desired_annotation = "deployment.kubernetes.io/desired-replicas";
inline constexpr std::string_view max_annotation = "deployment.kubernetes.io/max-replicas";

} // namespace actors::controllers::deployment
