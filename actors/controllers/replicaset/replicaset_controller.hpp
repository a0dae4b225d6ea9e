// The controller: watches, keys, and the plan for one ReplicaSet.
#pragma once

#include "actors/controllers/framework/controller.hpp"
#include "actors/controllers/replicaset/decide_replicas.hpp"
#include "messages/api/apps/v1/replicaset_generated.h"
#include "runtime/seams/clock.hpp"

namespace actors::controllers::replicaset {

using messages::api::apps::v1::ReplicaSet;

class replicaset_controller final : public framework::controller {
public:
  explicit replicaset_controller(runtime::seams::clock_ptr clock) : clock_(std::move(clock)) {}

  void start(framework::setup& tools) override;
  framework::sync_plan sync(const std::string& key) override;

private:
  void enqueue_owners(framework::setup& tools, const client::entry& pod);
  /// The pods that are this ReplicaSet's after adoption; adds the patches that adopt and release to `plan`.
  std::vector<owned_pod> claim(const client::entry& item, const ReplicaSet& set, framework::sync_plan& plan);
  std::vector<owned_pod> related_pods(const client::entry& item, const std::vector<owned_pod>& own) const;
  void add_status(const client::entry& item, const ReplicaSet& set, const std::vector<owned_pod>& own, framework::sync_plan& plan);

  runtime::seams::clock_ptr clock_;
  client::object_cache* sets_ = nullptr;
  client::object_cache* pods_ = nullptr;
};

} // namespace actors::controllers::replicaset
