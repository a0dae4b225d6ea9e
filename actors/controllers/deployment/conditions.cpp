// The status of a Deployment: counts, and the conditions Available and Progressing with upstream's reasons.
#include <algorithm>
#include <fmt/format.h>

#include "actors/controllers/deployment/deployment_controller.hpp"
#include "messages/api/apps/v1/replicaset_generated.h"
#include "messages/codec/time.hpp"

namespace actors::controllers::deployment {

namespace {

using client::draft;
using framework::operation;
using framework::sync_plan;

struct counts {
  int32_t replicas = 0, updated = 0, ready = 0, available = 0, terminating = 0;
};

counts count(const deployment_view& view) {
  counts result;
  for (const auto& set : view.sets) {
    result.replicas += set.state.present;
    result.available += set.state.available;
    if (const auto* status = set.typed().status()) {
      result.ready += status->readyReplicas();
      result.terminating += status->terminatingReplicas().value_or(0);
    }
  }
  if (view.new_set != nullptr)
    result.updated = view.new_set->state.present;
  return result;
}

const draft& find_condition(const draft& status, std::string_view type) {
  for (const auto& item : status.get("conditions").items())
    if (item.get("type").str() == type)
      return item;
  static const draft none;
  return none;
}

/// Keeps the transition time while the status stays the same; leaves the condition alone when nothing changes.
void set_condition(draft& status, const draft& old_status, std::string_view type, std::string_view value, std::string_view reason,
                   std::string message, const std::string& now, bool refresh) {
  const draft& old = find_condition(old_status, type);
  draft next = draft::make_object({{"type", type}, {"status", value}, {"lastUpdateTime", now}, {"lastTransitionTime", now},
                                   {"reason", reason}, {"message", std::move(message)}});
  if (!old.is_null() && old.get("status").str() == value) {
    next.set("lastTransitionTime", old.get("lastTransitionTime"));
    if (old.get("reason").str() == reason && !refresh)
      next = old;
  }
  draft& conditions = status["conditions"];
  if (conditions.is_null())
    conditions = draft::make_array();
  auto& items = conditions.items();
  const auto found = std::find_if(items.begin(), items.end(), [&](const draft& item) { return item.get("type").str() == type; });
  if (found != items.end())
    *found = std::move(next); // in place: a list in another order would be another status
  else
    items.push_back(std::move(next));
}

bool is_done(const deployment_view& view, const counts& now) {
  return view.new_set != nullptr && now.updated == view.wanted && now.replicas == view.wanted && now.available == view.wanted;
}

/// What `Progressing` says.
void add_progress(deployment_view& view, const counts& now, draft& status, const draft& old_status, sync_plan& plan) {
  const draft& deadline_field = view.object.at({"spec", "progressDeadlineSeconds"});
  if (!deadline_field.is_integer() || deadline_field.integer() == INT32_MAX)
    return;
  const std::string text_now = messages::codec::format_time(view.now_seconds);
  const draft& old = find_condition(old_status, "Progressing");
  if (view.object.at({"spec", "paused"}).boolean()) {
    if (old.get("reason").str() != "DeploymentPaused") {
      set_condition(status, old_status, "Progressing", "Unknown", "DeploymentPaused", "Deployment is paused", text_now, false);
    }
    return;
  }
  const std::string subject = view.new_set != nullptr ? fmt::format("ReplicaSet \"{}\"", view.new_set->state.name)
                                                      : fmt::format("Deployment \"{}\"", view.name());
  if (is_done(view, now)) {
    set_condition(status, old_status, "Progressing", "True", "NewReplicaSetAvailable",
                  subject + " has successfully progressed.", text_now, false);
    return;
  }
  const auto grew = [&](const char* field, int32_t value) { return value > old_status.get(field).integer(); };
  const bool progressed = old.is_null() || old.get("reason").str() == "DeploymentPaused" ||
                          old.get("reason").str() == "NewReplicaSetAvailable" || grew("updatedReplicas", now.updated) ||
                          grew("readyReplicas", now.ready) || grew("availableReplicas", now.available) ||
                          now.replicas - now.updated <
                            old_status.get("replicas").integer() - old_status.get("updatedReplicas").integer();
  if (progressed) {
    const bool fresh = view.new_set == nullptr || old.is_null();
    set_condition(status, old_status, "Progressing", "True", fresh ? "NewReplicaSetCreated" : "ReplicaSetUpdated",
                  fresh && view.new_set != nullptr ? fmt::format("Created new replica set \"{}\"", view.new_set->state.name)
                                                   : subject + " is progressing.",
                  text_now, true);
    plan.again_after = std::chrono::seconds{deadline_field.integer() + 1};
    return;
  }
  const auto since = messages::codec::parse_time(old.get("lastUpdateTime").str());
  const int64_t waited = since ? view.now_seconds - *since : 0;
  if (waited > deadline_field.integer())
    set_condition(status, old_status, "Progressing", "False", "ProgressDeadlineExceeded",
                  subject + " has timed out progressing.", text_now, false);
  else
    plan.again_after = std::chrono::seconds{deadline_field.integer() - waited + 1};
}

} // namespace

bool is_complete(const deployment_view& view) {
  return is_done(view, count(view)) &&
         view.object.at({"status", "observedGeneration"}).integer() >= view.object.at({"metadata", "generation"}).integer();
}

void add_status(deployment_view& view, sync_plan& plan) {
  const counts now = count(view);
  const draft old_status = view.object.get("status");
  draft status = draft::make_object();
  const auto put = [&](const char* field, int64_t value) {
    if (value != 0)
      status.set(field, value);
  };
  put("observedGeneration", view.object.at({"metadata", "generation"}).integer());
  put("replicas", now.replicas);
  put("updatedReplicas", now.updated);
  put("readyReplicas", now.ready);
  put("availableReplicas", now.available);
  put("unavailableReplicas", std::max(0, std::max(view.wanted, now.replicas) - now.available));
  if (now.terminating > 0 || old_status.contains("terminatingReplicas"))
    status.set("terminatingReplicas", now.terminating);
  if (old_status.contains("collisionCount"))
    status.set("collisionCount", old_status.get("collisionCount"));
  if (old_status.contains("conditions"))
    status.set("conditions", old_status.get("conditions"));
  const std::string text_now = messages::codec::format_time(view.now_seconds);
  const bool available = now.available >= view.wanted - view.bounds.unavailable;
  set_condition(status, old_status, "Available", available ? "True" : "False",
                available ? "MinimumReplicasAvailable" : "MinimumReplicasUnavailable",
                available ? "Deployment has minimum availability." : "Deployment does not have minimum availability.", text_now, false);
  add_progress(view, now, status, old_status, plan);
  if (status == old_status)
    return;
  // With a step that changes the Deployment itself the status waits for the next look.
  for (const auto& item : plan.operations)
    if (item.resource == &client::deployments)
      return;
  draft object = view.object;
  object.set("status", std::move(status));
  plan.operations.push_back(operation::update_status(client::deployments, std::move(object)));
}

} // namespace actors::controllers::deployment
