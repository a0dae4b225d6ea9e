// From decisions to writes.
#include "actors/controllers/garbagecollector/garbagecollector_controller.hpp"

#include <algorithm>

#include "actors/controllers/framework/pods.hpp"
#include "messages/api/meta/v1/meta_generated.h"

namespace actors::controllers::garbagecollector {

using client::draft;
using client::entry;
using framework::operation;
using framework::sync_plan;
using framework::text;

namespace {

bool holds(const entry& item, std::string_view wanted) {
  const auto* finalizers = item.metadata->finalizers();
  return finalizers != nullptr &&
         std::any_of(finalizers->begin(), finalizers->end(), [&](const auto* finalizer) { return text(finalizer) == wanted; });
}

bool has_owners(const entry& item) {
  return item.metadata->ownerReferences() != nullptr && item.metadata->ownerReferences()->size() > 0;
}

operation patch_metadata(const graph_node& node, client::protocol::PatchKind kind, draft metadata) {
  metadata.set("uid", node.uid);
  auto write = operation::patch(*node.what, std::string{node.name_space()}, std::string{node.name()}, kind,
                                draft::make_object({{"metadata", std::move(metadata)}}));
  write.tolerated = {404}; // gone: nothing left to do
  return write;
}

} // namespace

void garbagecollector_controller::start(framework::setup& tools) {
  enqueue_ = tools.enqueue;
  for (const auto* what : client::owning_resources) {
    auto& cache = tools.api.watch(*what);
    caches_[what] = &cache;
    cache.on_change([this, &cache](const std::string&, const entry* before, const entry* after) { on_change(cache, before, after); });
  }
}

void garbagecollector_controller::on_change(const client::object_cache& cache, const entry* before, const entry* after) {
  const bool replaced = before != nullptr && after != nullptr && text(before->metadata->uid()) != text(after->metadata->uid());
  if (after == nullptr || replaced)
    for (const auto& uid : graph_.erase(*before))
      enqueue_(uid);
  if (after == nullptr)
    return;
  for (const auto& uid : graph_.put(cache.what(), *after))
    enqueue_(uid);
  // New, or told again because this instance has just become the owner of its role: what happened to its owners before was
  // noted in the graph and not looked at.
  if (before == nullptr && has_owners(*after))
    enqueue_(std::string{text(after->metadata->uid())});
}

const entry* garbagecollector_controller::entry_of(const graph_node& node) const {
  const entry* item = caches_.at(node.what)->find(node.key->text());
  return item != nullptr && text(item->metadata->uid()) == node.uid ? item : nullptr;
}

/// The watches may be behind: only the API's answer counts as proof that an owner is gone.
operation garbagecollector_controller::ask_about(const owner_link& owner, const graph_node& dependent) {
  const auto* what = resource_of_owner(owner);
  const bool cluster_wide = what == &client::nodes || what == &client::namespaces;
  return operation::get(*what, cluster_wide ? "" : std::string{dependent.name_space()}, owner.name,
                        [this, what, owner = owner.uid, uid = std::string{dependent.uid}](const client::api_result& result) {
                          if (!result.ok() && !result.not_found())
                            return; // the plan fails and is tried again
                          const auto* metadata = result.ok() ? client::metadata_of(*what, result.object) : nullptr;
                          graph_.check(owner, metadata != nullptr && text(metadata->uid()) == owner ? presence::present : presence::absent);
                          enqueue_(uid);
                        });
}

operation garbagecollector_controller::drop_owners(const graph_node& node, const std::vector<std::string>& owners) const {
  draft references = draft::make_array();
  for (const auto& uid : owners)
    references.push_back(draft::make_object({{"$patch", "delete"}, {"uid", uid}}));
  return patch_metadata(node, client::protocol::PatchKind::strategic_merge, draft::make_object({{"ownerReferences", std::move(references)}}));
}

operation garbagecollector_controller::unblock_owners(const graph_node& node) const {
  draft references = draft::make_array();
  for (const auto& owner : node.owners())
    references.push_back(draft::make_object({{"uid", owner.uid}, {"blockOwnerDeletion", false}}));
  return patch_metadata(node, client::protocol::PatchKind::strategic_merge, draft::make_object({{"ownerReferences", std::move(references)}}));
}

operation garbagecollector_controller::remove_finalizer(const graph_node& node, const entry& item, std::string_view finalizer) const {
  draft kept = draft::make_array();
  for (const auto* other : *item.metadata->finalizers())
    if (text(other) != finalizer)
      kept.push_back(text(other));
  // Bound to the revision: the list is replaced as a whole.
  return patch_metadata(node, client::protocol::PatchKind::merge,
                        draft::make_object({{"resourceVersion", std::to_string(item.revision)}, {"finalizers", std::move(kept)}}));
}

sync_plan garbagecollector_controller::sync(const std::string& uid) {
  sync_plan plan;
  const graph_node* node = graph_.find(uid);
  const entry* item = node == nullptr || node->is_virtual() ? nullptr : entry_of(*node);
  if (item == nullptr)
    return plan;
  const auto decision = decide_collection(graph_, *node, holds(*item, "orphan"), holds(*item, "foregroundDeletion"));
  for (const auto& owner : decision.check)
    plan.operations.push_back(ask_about(owner, *node));
  if (decision.check_later) {
    for (const auto& owner : node->owners())
      if (const auto* found = graph_.find(owner.uid); found != nullptr && found->is_virtual())
        graph_.check(owner.uid, presence::unchecked);
    plan.again_after = recheck_delay;
  }
  for (const auto& dependent : decision.wake_dependents)
    enqueue_(dependent);
  for (const auto& dependent : decision.release_dependents)
    if (const auto* found = graph_.find(dependent); found != nullptr && !found->is_virtual())
      plan.operations.push_back(drop_owners(*found, {uid}));
  if (!decision.drop_owners.empty())
    plan.operations.push_back(drop_owners(*node, decision.drop_owners));
  if (decision.unblock_owners)
    plan.operations.push_back(unblock_owners(*node));
  if (!decision.remove_finalizer.empty())
    plan.operations.push_back(remove_finalizer(*node, *item, decision.remove_finalizer));
  if (!decision.propagation.empty()) {
    client::delete_options options{.uid = uid, .propagation = decision.propagation};
    // Bound to the revision too: it may just have been adopted. Not together with unblocking, which changes it.
    options.revision = decision.unblock_owners ? 0 : item->revision;
    plan.operations.push_back(
      operation::remove(*node->what, std::string{node->name_space()}, std::string{node->name()}, std::move(options)));
  }
  return plan;
}

} // namespace actors::controllers::garbagecollector
