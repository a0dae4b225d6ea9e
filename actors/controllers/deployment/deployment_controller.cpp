// Watches, and which steps a Deployment's state calls for.
#include "actors/controllers/deployment/deployment_controller.hpp"

#include <algorithm>
#include <charconv>

#include "actors/client/label_selector.hpp"
#include "actors/controllers/deployment/pod_template_hash.hpp"
#include "actors/controllers/framework/pods.hpp"
#include "messages/api/apps/v1/deployment_generated.h"
#include "messages/api/apps/v1/replicaset_generated.h"

namespace actors::controllers::deployment {

namespace {

using client::draft;
using client::entry;
using framework::operation;
using framework::sync_plan;
using framework::text;
using messages::api::apps::v1::Deployment;
using messages::api::apps::v1::ReplicaSet;

constexpr const char* by_controller = "controller";
constexpr const char* by_namespace_orphans = "orphans";

std::vector<std::string> controller_index(const entry& item) {
  const auto uid = client::controller_uid_of(item);
  return uid.empty() ? std::vector<std::string>{} : std::vector<std::string>{uid};
}

int64_t number_in(std::string_view value) {
  int64_t result = 0;
  std::from_chars(value.data(), value.data() + value.size(), result);
  return result;
}

amount amount_of(const draft& value) {
  if (value.is_string())
    return parse_percent(value.str());
  return {false, static_cast<int32_t>(value.integer())};
}

} // namespace

owned_set::owned_set(const entry& from) : item(&from) {
  const auto* spec = typed().spec();
  const auto* status = typed().status();
  state.name = text(from.metadata->name());
  state.replicas = spec == nullptr ? 1 : spec->replicas().value_or(1);
  state.present = status == nullptr ? 0 : status->replicas();
  state.available = status == nullptr ? 0 : status->availableReplicas();
  state.max_replicas = static_cast<int32_t>(number_in(annotation(max_annotation)));
  state.created = from.metadata->creationTimestamp().value_or(0);
}

const draft& owned_set::object() const {
  if (!object_)
    object_ = client::draft_of(client::replicasets, *item);
  return *object_;
}

const ReplicaSet& owned_set::typed() const {
  return item->as<ReplicaSet>();
}

std::string_view owned_set::annotation(std::string_view key) const {
  if (const auto* all = item->metadata->annotations())
    for (const auto* each : *all)
      if (text(each->key()) == key)
        return text(each->value());
  return {};
}

std::string deployment_view::name() const {
  return std::string{object.at({"metadata", "name"}).str()};
}

std::string deployment_view::name_space() const {
  return std::string{object.at({"metadata", "namespace"}).str()};
}

std::vector<owned_set*> deployment_view::old_sets() {
  std::vector<owned_set*> result;
  for (auto& set : sets)
    if (&set != new_set)
      result.push_back(&set);
  return result;
}

int64_t deployment_view::revision_max() const {
  int64_t result = 0;
  for (const auto& set : sets)
    if (&set != new_set)
      result = std::max(result, number_in(set.annotation(revision_annotation)));
  return result;
}

void deployment_controller::start(framework::setup& tools) {
  deployments_ = &tools.api.watch(client::deployments);
  sets_ = &tools.api.watch(client::replicasets);
  pods_ = &tools.api.watch(client::pods);
  sets_->add_index(by_controller, controller_index);
  sets_->add_index(by_namespace_orphans, [](const entry& item) {
    return client::controller_uid_of(item).empty() ? std::vector<std::string>{std::string{text(item.metadata->namespace_())}}
                                                   : std::vector<std::string>{};
  });
  pods_->add_index(by_controller, controller_index);
  deployments_->on_change([enqueue = tools.enqueue](const std::string& key, const entry*, const entry*) { enqueue(key); });
  sets_->on_change([this, enqueue = tools.enqueue](const std::string&, const entry* before, const entry* after) {
    for (const auto* set : {before, after}) {
      if (set == nullptr)
        continue;
      const std::string name_space{text(set->metadata->namespace_())};
      bool owned = false;
      if (const auto* owners = set->metadata->ownerReferences())
        for (const auto* owner : *owners)
          if (text(owner->kind()) == "Deployment" && owner->controller().value_or(false)) {
            owned = true;
            enqueue(client::object_key(name_space, text(owner->name())));
          }
      if (owned || set != after)
        continue;
      for (auto at = deployments_->entries().lower_bound(name_space + "/");
           at != deployments_->entries().end() && at->first.starts_with(name_space + "/"); ++at)
        if (client::selects(at->second.as<Deployment>().spec()->selector(), set->metadata->labels()))
          enqueue(at->first);
    }
  });
  // A Recreate rollout waits for the last old pod.
  pods_->on_change([this, enqueue = tools.enqueue](const std::string&, const entry* before, const entry* after) {
    if (after != nullptr && framework::is_active(after->as<framework::Pod>()))
      return;
    const auto* pod = before != nullptr ? before : after;
    const std::string name_space{text(pod->metadata->namespace_())};
    const auto* owners = pod->metadata->ownerReferences();
    if (owners == nullptr)
      return;
    for (const auto* owner : *owners) {
      const bool by_set = owner->controller().value_or(false) && text(owner->kind()) == "ReplicaSet";
      const entry* set = by_set ? sets_->find(client::object_key(name_space, text(owner->name()))) : nullptr;
      if (set == nullptr || set->metadata->ownerReferences() == nullptr)
        continue;
      for (const auto* reference : *set->metadata->ownerReferences())
        if (text(reference->kind()) == "Deployment")
          enqueue(client::object_key(name_space, text(reference->name())));
    }
  });
}

deployment_view deployment_controller::view_of(const entry& item, sync_plan& plan) {
  deployment_view view;
  view.item = &item;
  view.object = client::draft_of(client::deployments, item);
  view.now_seconds = clock_->wall_seconds();
  const draft& spec = view.object.get("spec");
  view.wanted = static_cast<int32_t>(spec.get("replicas").integer(1));
  view.rolling = spec.at({"strategy", "type"}).str("RollingUpdate") != "Recreate";
  const draft& rolling = spec.at({"strategy", "rollingUpdate"});
  view.bounds = view.rolling ? resolve_limits(amount_of(rolling.get("maxSurge")), amount_of(rolling.get("maxUnavailable")), view.wanted)
                             : limits{};
  const std::string uid{text(item.metadata->uid())};
  for (const auto& key : sets_->by_index(by_controller, uid))
    view.sets.emplace_back(*sets_->find(key));
  const auto* selector = item.as<Deployment>().spec()->selector();
  if (!item.metadata->deletionTimestamp().has_value())
    for (const auto& key : sets_->by_index(by_namespace_orphans, view.name_space())) {
      const entry* set = sets_->find(key);
      if (!client::selects(selector, set->metadata->labels()) || set->metadata->deletionTimestamp().has_value())
        continue;
      const draft patch = draft::make_object(
        {{"metadata", draft::make_object(
                        {{"uid", text(set->metadata->uid())},
                         {"ownerReferences", draft::make_array({framework::controller_reference(client::deployments, view.name(), uid)})}})}});
      plan.operations.push_back(operation::patch(client::replicasets, view.name_space(), std::string{text(set->metadata->name())},
                                                 client::protocol::PatchKind::strategic_merge, patch));
      view.sets.emplace_back(*set);
    }
  std::sort(view.sets.begin(), view.sets.end(), [](const auto& left, const auto& right) {
    return left.state.created != right.state.created ? left.state.created < right.state.created : left.state.name < right.state.name;
  });
  const draft& wanted_template = spec.get("template");
  for (auto& set : view.sets)
    if (equal_templates(set.object().at({"spec", "template"}), wanted_template)) {
      view.new_set = &set; // the oldest that has it
      break;
    }
  return view;
}

bool deployment_controller::old_pods_running(const deployment_view& view) const {
  for (const auto& set : view.sets) {
    if (&set == view.new_set)
      continue;
    for (const auto& key : pods_->by_index(by_controller, std::string{text(set.item->metadata->uid())})) {
      const auto phase = framework::phase_of(pods_->find(key)->as<framework::Pod>());
      if (phase != "Failed" && phase != "Succeeded")
        return true;
    }
  }
  return false;
}

sync_plan deployment_controller::sync(const std::string& key) {
  sync_plan plan;
  const entry* item = deployments_->find(key);
  if (item == nullptr)
    return plan;
  deployment_view view = view_of(*item, plan);
  if (!plan.operations.empty())
    return plan; // adopt first
  if (!item->metadata->deletionTimestamp().has_value()) {
    const bool paused = view.object.at({"spec", "paused"}).boolean();
    if (paused) {
      scale_if_asked(view, plan);
    } else if (!scale_if_asked(view, plan)) {
      if (view.rolling)
        roll(view, plan);
      else
        recreate(view, old_pods_running(view), plan);
    }
    if (plan.operations.empty() && is_complete(view))
      clean_up(view, plan);
  }
  add_status(view, plan);
  return plan;
}

} // namespace actors::controllers::deployment
