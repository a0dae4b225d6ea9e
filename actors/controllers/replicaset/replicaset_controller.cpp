// Claiming pods, creating and deleting them, status.
#include "actors/controllers/replicaset/replicaset_controller.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "actors/client/label_selector.hpp"
#include "messages/codec/codec.hpp"

namespace actors::controllers::replicaset {

namespace {

using client::draft;
using client::entry;
using framework::operation;
using framework::Pod;
using framework::sync_plan;
using framework::text;

constexpr const char* by_controller = "controller";
constexpr const char* by_namespace_orphans = "orphans"; // pods without a controller, by namespace
constexpr const char* by_owner = "owner";               // ReplicaSets by their Deployment's uid

std::string uid_of(const entry& item) {
  return std::string{text(item.metadata->uid())};
}

} // namespace

void replicaset_controller::start(framework::setup& tools) {
  sets_ = &tools.api.watch(client::replicasets);
  pods_ = &tools.api.watch(client::pods);
  sets_->add_index(by_owner, [](const entry& item) { return std::vector<std::string>{client::controller_uid_of(item)}; });
  pods_->add_index(by_controller, [](const entry& item) {
    const auto uid = client::controller_uid_of(item);
    return uid.empty() ? std::vector<std::string>{} : std::vector<std::string>{uid};
  });
  pods_->add_index(by_namespace_orphans, [](const entry& item) {
    return client::controller_uid_of(item).empty() ? std::vector<std::string>{std::string{text(item.metadata->namespace_())}}
                                                   : std::vector<std::string>{};
  });
  sets_->on_change([&, enqueue = tools.enqueue](const std::string& key, const entry*, const entry*) { enqueue(key); });
  pods_->on_change([this, enqueue = tools.enqueue](const std::string&, const entry* before, const entry* after) {
    for (const auto* pod : {before, after}) {
      if (pod == nullptr)
        continue;
      if (const auto* owners = pod->metadata->ownerReferences())
        for (const auto* owner : *owners)
          if (text(owner->kind()) == "ReplicaSet" && owner->controller().value_or(false))
            enqueue(client::object_key(text(pod->metadata->namespace_()), text(owner->name())));
    }
    // A pod without a controller may be adopted by any ReplicaSet that selects it.
    if (after != nullptr && client::controller_uid_of(*after).empty()) {
      const auto prefix = std::string{text(after->metadata->namespace_())} + "/";
      for (auto at = sets_->entries().lower_bound(prefix); at != sets_->entries().end() && at->first.starts_with(prefix); ++at)
        if (client::selects(at->second.as<ReplicaSet>().spec()->selector(), after->metadata->labels()))
          enqueue(at->first);
    }
  });
}

std::vector<owned_pod> replicaset_controller::claim(const entry& item, const ReplicaSet& set, sync_plan& plan) {
  std::vector<owned_pod> own;
  const auto uid = uid_of(item);
  const bool deleted = item.metadata->deletionTimestamp().has_value();
  const auto* selector = set.spec()->selector();
  for (const auto& key : pods_->by_index(by_controller, uid)) {
    const entry* pod = pods_->find(key);
    if (client::selects(selector, pod->metadata->labels())) {
      own.push_back({std::string{key}, &pod->as<Pod>(), pod->metadata->creationTimestamp().value_or(0)});
    } else if (!deleted) { // its labels were changed: it is not ours any more
      const draft patch = draft::make_object(
        {{"metadata", draft::make_object({{"uid", uid_of(*pod)},
                                          {"ownerReferences", draft::make_array({draft::make_object(
                                                                {{"$patch", "delete"}, {"uid", uid}})})}})}});
      auto release = operation::patch(client::pods, std::string{text(pod->metadata->namespace_())}, std::string{text(pod->metadata->name())},
                                      client::protocol::PatchKind::strategic_merge, patch);
      release.tolerated = {404, 422};
      plan.operations.push_back(std::move(release));
    }
  }
  if (deleted)
    return own;
  for (const auto& key : pods_->by_index(by_namespace_orphans, std::string{text(item.metadata->namespace_())})) {
    const entry* pod = pods_->find(key);
    if (!client::selects(selector, pod->metadata->labels()) || !framework::is_active(pod->as<Pod>()))
      continue;
    draft owner = framework::controller_reference(client::replicasets, text(item.metadata->name()), uid);
    const draft patch = draft::make_object({{"metadata", draft::make_object({{"uid", uid_of(*pod)}, {"ownerReferences", draft::make_array({owner})}})}});
    auto adopt = operation::patch(client::pods, std::string{text(pod->metadata->namespace_())}, std::string{text(pod->metadata->name())},
                                  client::protocol::PatchKind::strategic_merge, patch);
    adopt.tolerated = {404, 409};
    plan.operations.push_back(std::move(adopt));
    own.push_back({std::string{key}, &pod->as<Pod>(), pod->metadata->creationTimestamp().value_or(0)});
  }
  return own;
}

std::vector<owned_pod> replicaset_controller::related_pods(const entry& item, const std::vector<owned_pod>& own) const {
  const auto owner = client::controller_uid_of(item);
  if (owner.empty())
    return own;
  std::vector<owned_pod> result;
  for (const auto& key : sets_->by_index(by_owner, owner))
    for (const auto& pod : pods_->by_index(by_controller, uid_of(*sets_->find(key))))
      result.push_back({std::string{pod}, &pods_->find(pod)->as<Pod>(), 0});
  return result;
}

sync_plan replicaset_controller::sync(const std::string& key) {
  sync_plan plan;
  const entry* item = sets_->find(key);
  if (item == nullptr)
    return plan;
  const auto& set = item->as<ReplicaSet>();
  const auto own = claim(*item, set, plan);
  const int64_t now = clock_->wall_seconds();
  if (!item->metadata->deletionTimestamp().has_value()) {
    std::vector<owned_pod> active;
    std::copy_if(own.begin(), own.end(), std::back_inserter(active), [](const auto& pod) { return framework::is_active(*pod.pod); });
    const auto decision = decide_replicas(set.spec()->replicas().value_or(1), active, related_pods(*item, own), now);
    const auto about = client::reference_to(client::replicasets, *item);
    if (decision.create > 0) {
      const draft object = client::draft_of(client::replicasets, *item);
      for (int32_t i = 0; i < decision.create; ++i) {
        auto create = operation::create(
          client::pods, framework::pod_from_template(object.at({"spec", "template"}), text(item->metadata->namespace_()),
                                                     fmt::format("{}-", text(item->metadata->name())),
                                                     framework::controller_reference(client::replicasets, text(item->metadata->name()), uid_of(*item))));
        create.on_success = {about, false, "SuccessfulCreate", "Created pod: {}"};
        create.on_failure = {about, true, "FailedCreate", "Error creating: {}"};
        plan.operations.push_back(std::move(create));
      }
    }
    for (const auto& pod : decision.remove) {
      auto [name_space, name] = client::split_key(pod);
      auto remove = operation::remove(client::pods, name_space, name, {.uid = uid_of(*pods_->find(pod))});
      remove.tolerated = {404, 409};
      remove.on_success = {about, false, "SuccessfulDelete", "Deleted pod: " + name};
      remove.on_failure = {about, true, "FailedDelete", "Error deleting: {}"};
      plan.operations.push_back(std::move(remove));
    }
  }
  add_status(*item, set, own, plan);
  return plan;
}

void replicaset_controller::add_status(const entry& item, const ReplicaSet& set, const std::vector<owned_pod>& own, sync_plan& plan) {
  const int64_t now = clock_->wall_seconds();
  const int64_t min_ready = set.spec()->minReadySeconds();
  const auto* template_meta = set.spec()->template_() == nullptr ? nullptr : set.spec()->template_()->metadata();
  int32_t replicas = 0, labeled = 0, ready = 0, available = 0, terminating = 0;
  std::optional<int64_t> next_available;
  for (const auto& pod : own) {
    if (framework::is_deleted(*pod.pod) && framework::phase_of(*pod.pod) != "Succeeded" && framework::phase_of(*pod.pod) != "Failed")
      ++terminating;
    if (!framework::is_active(*pod.pod))
      continue;
    ++replicas;
    const auto* wanted = template_meta == nullptr ? nullptr : template_meta->labels();
    labeled += wanted == nullptr || client::selects(wanted, pod.pod->metadata()->labels()) ? 1 : 0;
    const auto since = framework::ready_since(*pod.pod);
    if (!since)
      continue;
    ++ready;
    if (framework::is_available(*pod.pod, min_ready, now))
      ++available;
    else
      next_available = std::min(next_available.value_or(INT64_MAX), *since + min_ready);
  }
  if (next_available)
    plan.again_after = std::chrono::seconds{std::max<int64_t>(*next_available - now, 1)};
  const auto* old = set.status();
  const int64_t generation = item.metadata->generation();
  if (old != nullptr && old->replicas() == replicas && old->fullyLabeledReplicas() == labeled && old->readyReplicas() == ready &&
      old->availableReplicas() == available && old->terminatingReplicas().value_or(0) == terminating &&
      old->observedGeneration() == generation)
    return;
  draft object = client::draft_of(client::replicasets, item);
  draft& status = object["status"];
  if (status.is_null())
    status = draft::make_object();
  status.set("replicas", replicas);
  status.set("fullyLabeledReplicas", labeled);
  status.set("readyReplicas", ready);
  status.set("availableReplicas", available);
  status.set("terminatingReplicas", terminating);
  status.set("observedGeneration", generation);
  plan.operations.push_back(operation::update_status(client::replicasets, std::move(object)));
}

} // namespace actors::controllers::replicaset
