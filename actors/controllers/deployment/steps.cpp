// The steps of a rollout: the new ReplicaSet, sizes, clean-up.
#include <algorithm>
#include <charconv>
#include <fmt/format.h>

#include "actors/controllers/deployment/deployment_controller.hpp"
#include "actors/controllers/deployment/pod_template_hash.hpp"
#include "actors/controllers/framework/pods.hpp"

namespace actors::controllers::deployment {

namespace {

using client::draft;
using framework::operation;
using framework::sync_plan;

bool is_copied_annotation(std::string_view key) {
  return key != "kubectl.kubernetes.io/last-applied-configuration" && key != revision_annotation &&
         key != "deployment.kubernetes.io/revision-history" && key != desired_annotation && key != max_annotation &&
         key != "deprecated.deployment.rollback.to";
}

void set_sizes(draft& annotations, int32_t wanted, const limits& bounds) {
  annotations.set(desired_annotation, std::to_string(wanted));
  annotations.set(max_annotation, std::to_string(wanted + bounds.surge));
}

std::vector<set_state> states(const std::vector<owned_set*>& sets) {
  std::vector<set_state> result;
  for (const auto* set : sets)
    result.push_back(set->state);
  return result;
}

std::vector<set_state> all_states(const deployment_view& view) {
  std::vector<set_state> result;
  for (const auto& set : view.sets)
    result.push_back(set.state);
  return result;
}

framework::event_note scaling_event(const deployment_view& view, const std::string& set, int32_t from, int32_t to) {
  return {client::reference_to(client::deployments, *view.item), false, "ScalingReplicaSet",
          fmt::format("Scaled {} replica set {} from {} to {}", to > from ? "up" : "down", set, from, to)};
}

owned_set* find_set(deployment_view& view, const std::string& name) {
  for (auto& set : view.sets)
    if (set.state.name == name)
      return &set;
  return nullptr;
}

std::optional<int32_t> collisions(const deployment_view& view) {
  const draft& count = view.object.at({"status", "collisionCount"});
  return count.is_integer() ? std::optional<int32_t>{static_cast<int32_t>(count.integer())} : std::nullopt;
}

draft build_set(const deployment_view& view, const std::string& hash, int32_t replicas, int64_t revision) {
  const draft& spec = view.object.get("spec");
  draft pod_template = spec.get("template");
  pod_template["metadata"]["labels"].set(hash_label, hash);
  draft selector = spec.get("selector");
  selector["matchLabels"].set(hash_label, hash);
  draft annotations = draft::make_object();
  for (const auto& [key, value] : view.object.at({"metadata", "annotations"}).members())
    if (is_copied_annotation(key))
      annotations.set(key, value);
  annotations.set(revision_annotation, std::to_string(revision));
  set_sizes(annotations, view.wanted, view.bounds);
  draft metadata = draft::make_object({
    {"name", fmt::format("{}-{}", view.name(), hash)},
    {"namespace", view.name_space()},
    {"labels", pod_template.at({"metadata", "labels"})},
    {"annotations", std::move(annotations)},
    {"ownerReferences", draft::make_array({framework::controller_reference(
                          client::deployments, view.name(), view.object.at({"metadata", "uid"}).str())})},
  });
  draft set_spec = draft::make_object({{"replicas", replicas}, {"selector", std::move(selector)}, {"template", std::move(pod_template)}});
  if (const int64_t ready = spec.get("minReadySeconds").integer(); ready > 0)
    set_spec.set("minReadySeconds", ready);
  return draft::make_object(
    {{"apiVersion", "apps/v1"}, {"kind", "ReplicaSet"}, {"metadata", std::move(metadata)}, {"spec", std::move(set_spec)}});
}

} // namespace

bool ensure_new_set(deployment_view& view, sync_plan& plan) {
  const std::string revision = std::to_string(view.revision_max() + 1);
  if (view.new_set != nullptr) {
    // An old template that is wanted again (a rollback) becomes the newest revision.
    draft next = view.new_set->object();
    draft& annotations = next["metadata"]["annotations"];
    const std::string own{annotations.get(revision_annotation).str()};
    bool changed = false;
    const auto newer = [&] {
      int64_t number = 0;
      std::from_chars(own.data(), own.data() + own.size(), number);
      return number > view.revision_max();
    };
    if (!newer()) {
      annotations.set(revision_annotation, revision);
      changed = true;
    }
    for (const auto& [key, value] : view.object.at({"metadata", "annotations"}).members())
      if (is_copied_annotation(key) && !(annotations.get(key) == value)) {
        annotations.set(key, value);
        changed = true;
      }
    if (next.at({"spec", "minReadySeconds"}).integer() != view.object.at({"spec", "minReadySeconds"}).integer()) {
      next["spec"].set("minReadySeconds", view.object.at({"spec", "minReadySeconds"}).integer());
      changed = true;
    }
    if (changed) {
      plan.operations.push_back(operation::update(client::replicasets, std::move(next)));
      return true;
    }
    // The Deployment shows the revision of its new ReplicaSet.
    if (view.object.at({"metadata", "annotations"}).get(revision_annotation).str() != own) {
      const draft patch = draft::make_object(
        {{"metadata", draft::make_object({{"annotations", draft::make_object({{revision_annotation, own}})}})}});
      plan.operations.push_back(operation::patch(client::deployments, view.name_space(), view.name(),
                                                 client::protocol::PatchKind::merge, patch));
      return true;
    }
    return false;
  }
  const std::string hash = pod_template_hash(view.object.at({"spec", "template"}), collisions(view));
  const std::string name = fmt::format("{}-{}", view.name(), hash);
  if (find_set(view, name) != nullptr) {
    // Another template has the same hash: count the collision, which gives another hash at the next look.
    draft object = view.object;
    draft& status = object["status"];
    if (status.is_null())
      status = draft::make_object();
    status.set("collisionCount", collisions(view).value_or(0) + 1);
    plan.operations.push_back(operation::update_status(client::deployments, std::move(object)));
    return true;
  }
  set_state made;
  made.name = name;
  auto all = all_states(view);
  const int32_t replicas = view.rolling ? next_size_of_new(made, all, view.wanted, view.bounds) : view.wanted;
  auto create = operation::create(client::replicasets, build_set(view, hash, replicas, view.revision_max() + 1));
  create.on_failure = {client::reference_to(client::deployments, *view.item), true, "ReplicaSetCreateError",
                       fmt::format("Failed to create new replica set \"{}\": {{}}", name)};
  if (replicas > 0)
    create.on_success = scaling_event(view, name, 0, replicas);
  plan.operations.push_back(std::move(create));
  return true;
}

void add_resize(deployment_view& view, const owned_set& set, int32_t to, sync_plan& plan) {
  draft next = set.object();
  next["spec"].set("replicas", to);
  set_sizes(next["metadata"]["annotations"], view.wanted, view.bounds);
  auto update = operation::update(client::replicasets, std::move(next));
  if (to != set.state.replicas)
    update.on_success = scaling_event(view, set.state.name, set.state.replicas, to);
  plan.operations.push_back(std::move(update));
}

bool scale_if_asked(deployment_view& view, sync_plan& plan) {
  const std::string wanted = std::to_string(view.wanted);
  bool asked = false;
  std::vector<owned_set*> active;
  for (auto& set : view.sets) {
    if (set.state.replicas == 0)
      continue;
    active.push_back(&set);
    const auto desired = set.annotation(desired_annotation);
    asked |= !desired.empty() && desired != wanted;
  }
  const bool paused = view.object.at({"spec", "paused"}).boolean();
  if (!asked && !paused)
    return false;
  const size_t before = plan.operations.size();
  if (active.size() <= 1) {
    // One active ReplicaSet, or none: it is simply resized.
    owned_set* only = !active.empty() ? active.front() : view.new_set;
    if (only != nullptr && (only->state.replicas != view.wanted || asked))
      add_resize(view, *only, view.wanted, plan);
    return plan.operations.size() > before;
  }
  if (view.new_set != nullptr && view.new_set->state.replicas == view.wanted && view.new_set->state.available == view.wanted) {
    // The new one carries all: the old ones go.
    for (auto* set : view.old_sets())
      if (set->state.replicas > 0)
        add_resize(view, *set, 0, plan);
  } else if (view.rolling) {
    const auto sizes = scale_proportionally(states(active), view.wanted, view.bounds, view.rolling);
    for (auto* set : active) {
      const auto found = std::find_if(sizes.begin(), sizes.end(), [&](const auto& item) { return item.name == set->state.name; });
      if (found != sizes.end())
        add_resize(view, *set, found->to, plan);
      else if (asked)
        add_resize(view, *set, set->state.replicas, plan); // notes the new scale
    }
  }
  return plan.operations.size() > before;
}

void roll(deployment_view& view, sync_plan& plan) {
  if (ensure_new_set(view, plan))
    return;
  const int32_t next = next_size_of_new(view.new_set->state, all_states(view), view.wanted, view.bounds);
  if (next != view.new_set->state.replicas) {
    add_resize(view, *view.new_set, next, plan);
    return;
  }
  for (const auto& item : shrink_old(view.new_set->state, states(view.old_sets()), view.wanted, view.bounds))
    add_resize(view, *find_set(view, item.name), item.to, plan);
}

void recreate(deployment_view& view, bool old_pods_running, sync_plan& plan) {
  bool shrinking = false;
  for (auto* set : view.old_sets())
    if (set->state.replicas > 0) {
      add_resize(view, *set, 0, plan);
      shrinking = true;
    }
  if (shrinking || old_pods_running)
    return;
  if (ensure_new_set(view, plan))
    return;
  if (view.new_set->state.replicas != view.wanted)
    add_resize(view, *view.new_set, view.wanted, plan);
}

void clean_up(deployment_view& view, sync_plan& plan) {
  const int64_t keep = view.object.at({"spec", "revisionHistoryLimit"}).integer(10);
  std::vector<owned_set*> empty;
  for (auto* set : view.old_sets())
    if (set->state.replicas == 0 && set->state.present == 0 && !set->item->metadata->deletionTimestamp().has_value())
      empty.push_back(set);
  const int64_t surplus = static_cast<int64_t>(empty.size()) - keep;
  for (int64_t i = 0; i < surplus; ++i) // oldest first
    plan.operations.push_back(operation::remove(client::replicasets, view.name_space(), empty[static_cast<size_t>(i)]->state.name,
                                                {.uid = std::string{framework::text(empty[static_cast<size_t>(i)]->item->metadata->uid())}}));
}

} // namespace actors::controllers::deployment
