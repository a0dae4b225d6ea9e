// Which Services a change concerns, and the write for one of them.
#include "actors/controllers/endpoints/endpoints_controller.hpp"

#include <fmt/format.h>

#include "actors/client/label_selector.hpp"
#include "actors/controllers/endpoints/build_subsets.hpp"
#include "messages/api/core/v1/endpoints_generated.h"

namespace actors::controllers::endpoints {

namespace {

using client::draft;
using client::entry;
using framework::operation;
using framework::Pod;
using framework::Service;
using framework::sync_plan;
using framework::text;

constexpr const char* by_label = "label";
constexpr const char* managed_by_label = "endpoints.kubernetes.io/managed-by";
constexpr const char* managed_by_us = "endpoint-controller";
constexpr const char* over_capacity_annotation = "endpoints.kubernetes.io/over-capacity";

draft wanted_labels(const Service& service) {
  draft labels = framework::labels_for_endpoints(service);
  labels.set(managed_by_label, managed_by_us);
  return labels;
}

draft wanted_annotations(draft annotations, bool truncated) {
  if (truncated)
    annotations[over_capacity_annotation] = "truncated";
  else
    annotations.erase(over_capacity_annotation);
  return annotations;
}

} // namespace

void endpoints_controller::start(framework::setup& tools) {
  services_ = &tools.api.watch(client::services);
  pods_ = &tools.api.watch(client::pods);
  endpoints_ = &tools.api.watch(client::endpoints);
  pods_->add_index(by_label, framework::label_index);
  services_->on_change([enqueue = tools.enqueue](const std::string& key, const entry*, const entry*) { enqueue(key); });
  // Ours only: Endpoints that people keep by hand may have no Service.
  endpoints_->on_change([enqueue = tools.enqueue](const std::string& key, const entry* before, const entry* after) {
    for (const auto* item : {before, after})
      if (item != nullptr && client::label_value(item->metadata->labels(), managed_by_label) != nullptr)
        enqueue(key);
  });
  pods_->on_change([this, enqueue = tools.enqueue](const std::string&, const entry* before, const entry* after) {
    if (before != nullptr && after != nullptr && !framework::changes_endpoints(*before, *after))
      return;
    for (const auto* pod : {before, after})
      if (pod != nullptr)
        for (const auto& key : framework::selecting_services(*services_, text(pod->metadata->namespace_()), *pod->metadata))
          enqueue(key);
  });
}

sync_plan endpoints_controller::sync(const std::string& key) {
  sync_plan plan;
  const entry* item = services_->find(key);
  const entry* present = endpoints_->find(key);
  if (item == nullptr) {
    auto [name_space, name] = client::split_key(key);
    if (present != nullptr)
      plan.operations.push_back(operation::remove(client::endpoints, name_space, name, {.uid = std::string{text(present->metadata->uid())}}));
    return plan;
  }
  const auto& service = item->as<Service>();
  if (!framework::has_managed_endpoints(service) || item->metadata->deletionTimestamp().has_value())
    return plan;

  std::vector<const Pod*> pods;
  for (const auto& pod : framework::selected_pods(*pods_, by_label, text(item->metadata->namespace_()), service))
    pods.push_back(&pods_->find(pod)->as<Pod>());
  auto built = build_subsets(service, pods);
  const draft labels = wanted_labels(service);

  draft object = present != nullptr
                   ? client::draft_of(client::endpoints, *present)
                   : draft::make_object({{"apiVersion", "v1"},
                                         {"kind", "Endpoints"},
                                         {"metadata", draft::make_object({{"name", text(item->metadata->name())},
                                                                          {"namespace", text(item->metadata->namespace_())}})}});
  draft annotations = object.at({"metadata", "annotations"});
  if (annotations.is_null())
    annotations = draft::make_object();
  draft next_annotations = wanted_annotations(annotations, built.truncated);
  const bool same_subsets = object.get("subsets") == built.subsets || (object.get("subsets").empty() && built.subsets.empty());
  if (present != nullptr && same_subsets && object.at({"metadata", "labels"}) == labels && annotations == next_annotations)
    return plan;

  object["metadata"].set("labels", labels);
  if (!next_annotations.empty() || !annotations.empty())
    object["metadata"].set("annotations", std::move(next_annotations));
  object.set("subsets", std::move(built.subsets));
  auto write = present != nullptr ? operation::update(client::endpoints, std::move(object))
                                  : operation::create(client::endpoints, std::move(object));
  write.on_failure = present != nullptr
                       ? framework::event_note{client::reference_to(client::endpoints, *present), true, "FailedToUpdateEndpoint",
                                               fmt::format("Failed to update endpoint {}: {{}}", key)}
                       : framework::event_note{client::reference_to(client::services, *item), true, "FailedToCreateEndpoint",
                                               fmt::format("Failed to create endpoint for service {}: {{}}", key)};
  plan.operations.push_back(std::move(write));
  return plan;
}

} // namespace actors::controllers::endpoints
