// Pods first, then everything else, then a sweep of the store, then the finalizer.
#include "actors/controllers/namespace/namespace_controller.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "actors/controllers/framework/pods.hpp"

namespace actors::controllers::namespaces {

using client::draft;
using client::entry;
using framework::operation;
using framework::sync_plan;
using framework::text;

namespace {

constexpr const char* content_finalizer = "kubernetes";

/// Events come by the thousand and nothing can hold one: they are not watched, the sweep deletes them.
bool is_watched(const client::resource& what) {
  return &what != &client::events;
}

client::delete_options in_background(std::string uid = {}) {
  return {.uid = std::move(uid), .propagation = "Background"};
}

} // namespace

void namespace_controller::start(framework::setup& tools) {
  enqueue_ = tools.enqueue;
  namespaces_ = &tools.api.watch(client::namespaces);
  namespaces_->on_change([this](const std::string& key, const entry* before, const entry* after) {
    if (after == nullptr)
      unswept_.erase(std::string{text(before->metadata->uid())});
    else if (after->metadata->deletionTimestamp().has_value())
      enqueue_(key);
  });
  for (const auto* what : client::namespaced_resources) {
    if (!is_watched(*what))
      continue;
    auto& cache = tools.api.watch(*what);
    if (what == &client::pods)
      pods_ = &cache;
    else
      others_.push_back(&cache);
    cache.on_change([this](const std::string&, const entry* before, const entry* after) {
      if (before != nullptr && after != nullptr)
        return;
      const std::string name{text((after != nullptr ? after : before)->metadata->namespace_())};
      const entry* found = namespaces_->find(name);
      if (found != nullptr && found->metadata->deletionTimestamp().has_value())
        enqueue_(name);
    });
  }
}

void namespace_controller::empty_out(const client::object_cache& cache, const std::string& name, remaining_content& content,
                                     sync_plan& plan) const {
  const auto& what = cache.what();
  const std::string prefix = name + "/";
  int64_t count = 0;
  for (auto at = cache.entries().lower_bound(prefix); at != cache.entries().end() && at->first.starts_with(prefix); ++at) {
    ++count;
    const auto* metadata = at->second.metadata;
    if (metadata->finalizers() != nullptr)
      for (const auto* finalizer : *metadata->finalizers())
        ++content.by_finalizer[finalizer->str()];
    if (metadata->deletionTimestamp().has_value() || plan.operations.size() >= removals_max)
      continue;
    auto remove = operation::remove(what, name, std::string{text(metadata->name())}, in_background(std::string{text(metadata->uid())}));
    remove.tolerated = {404, 409}; // gone, or already another object: its event brings us back
    plan.operations.push_back(std::move(remove));
  }
  if (count > 0)
    content.by_resource[fmt::format("{}.{}", what.plural, what.group)] = count;
}

void namespace_controller::sweep(const std::string& name, const std::string& uid, sync_plan& plan) {
  auto& unswept = unswept_[uid];
  unswept.clear();
  for (const auto* what : client::namespaced_resources) {
    unswept.insert(what);
    auto remove = operation::remove_collection(*what, name, in_background());
    remove.on_result = [this, name, uid, what](const client::api_result& result) {
      const auto found = unswept_.find(uid);
      if (!result.ok() || found == unswept_.end())
        return;
      found->second.erase(what);
      if (found->second.empty())
        enqueue_(name);
    };
    plan.operations.push_back(std::move(remove));
  }
}

void namespace_controller::add_status(const entry& item, const remaining_content& content, sync_plan& plan) const {
  draft object = client::draft_of(client::namespaces, item);
  const draft present = object.at({"status", "conditions"});
  draft wanted = deletion_conditions(present, content, clock_->wall_seconds());
  if (wanted == present)
    return;
  object["status"].set("conditions", std::move(wanted));
  plan.operations.push_back(operation::update_status(client::namespaces, std::move(object)));
}

sync_plan namespace_controller::sync(const std::string& name) {
  sync_plan plan;
  const entry* item = namespaces_->find(name);
  if (item == nullptr || !item->metadata->deletionTimestamp().has_value())
    return plan;
  remaining_content content;
  empty_out(*pods_, name, content, plan);
  if (content.empty()) // a pod may need its configuration and its service to the last
    for (const auto* cache : others_)
      empty_out(*cache, name, content, plan);
  const std::string uid{text(item->metadata->uid())};
  if (!content.empty()) {
    unswept_.erase(uid);
    add_status(*item, content, plan);
    return plan;
  }
  draft object = client::draft_of(client::namespaces, *item);
  auto& finalizers = object["spec"]["finalizers"].items();
  const auto own = std::find(finalizers.begin(), finalizers.end(), draft{content_finalizer});
  if (own == finalizers.end()) {
    add_status(*item, content, plan); // others have not finished
    return plan;
  }
  const auto swept = unswept_.find(uid);
  if (swept == unswept_.end() || !swept->second.empty()) {
    sweep(name, uid, plan);
    return plan;
  }
  finalizers.erase(own);
  auto finish = operation::create(client::namespaces, std::move(object));
  finish.what = operation::verb::update_finalize;
  finish.tolerated = {404};
  plan.operations.push_back(std::move(finish));
  return plan;
}

} // namespace actors::controllers::namespaces
