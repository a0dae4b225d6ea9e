// Which Services a change concerns, and the writes for one of them.
#include "actors/controllers/endpointslice/endpointslice_controller.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "actors/client/label_selector.hpp"
#include "messages/api/core/v1/node_generated.h"
#include "messages/api/discovery/v1/endpointslice_generated.h"

namespace actors::controllers::endpointslice {

namespace {

using client::entry;
using framework::operation;
using framework::Pod;
using framework::Service;
using framework::sync_plan;
using framework::text;

constexpr const char* by_label = "label";
constexpr const char* by_node = "node";
constexpr const char* by_service = "service";
constexpr const char* managed_by_label = "endpointslice.kubernetes.io/managed-by";
constexpr const char* managed_by_us = "endpointslice-controller.k8s.io";
constexpr const char* zone_label = "topology.kubernetes.io/zone";
constexpr size_t name_length_max = 253;

std::string_view zone_of(const entry* node) {
  return node == nullptr ? std::string_view{} : text(client::label_value(node->metadata->labels(), zone_label));
}

/// The Service of a slice that is ours; "" for others.
std::string service_of(const entry& slice) {
  if (text(client::label_value(slice.metadata->labels(), managed_by_label)) != managed_by_us)
    return {};
  const auto name = text(client::label_value(slice.metadata->labels(), framework::service_name_label.data()));
  return name.empty() ? std::string{} : client::object_key(text(slice.metadata->namespace_()), name);
}

draft wanted_labels(const Service& service) {
  draft labels = framework::labels_for_endpoints(service);
  labels.set(framework::service_name_label, text(service.metadata()->name()));
  labels.set(managed_by_label, managed_by_us);
  return labels;
}

draft array_of(std::vector<draft> items) {
  return draft::make_array(std::move(items));
}

draft new_slice(const Service& service, slice_content content) {
  const auto name = text(service.metadata()->name());
  const bool prefix_fits = name.size() < name_length_max;
  return draft::make_object(
    {{"apiVersion", client::endpointslices.api_version()},
     {"kind", client::endpointslices.kind},
     {"metadata",
      draft::make_object({{"generateName", prefix_fits ? fmt::format("{}-", name) : std::string{name}},
                          {"namespace", text(service.metadata()->namespace_())},
                          {"labels", wanted_labels(service)},
                          {"ownerReferences", draft::make_array({framework::controller_reference(
                                                client::services, name, text(service.metadata()->uid()))})}})},
     {"addressType", "IPv4"},
     {"endpoints", array_of(std::move(content.endpoints))},
     {"ports", std::move(content.ports)}});
}

present_slice read_slice(size_t id, const entry& item, const draft& labels) {
  draft object = client::draft_of(client::endpointslices, item);
  present_slice result{.id = id, .ports = object.get("ports"), .meta_differs = !(object.at({"metadata", "labels"}) == labels)};
  if (auto* endpoints = object.find("endpoints"); endpoints != nullptr && endpoints->is_array())
    result.endpoints = std::move(endpoints->items());
  return result;
}

} // namespace

void endpointslice_controller::start(framework::setup& tools) {
  services_ = &tools.api.watch(client::services);
  pods_ = &tools.api.watch(client::pods);
  slices_ = &tools.api.watch(client::endpointslices);
  nodes_ = &tools.api.watch(client::nodes);
  pods_->add_index(by_label, framework::label_index);
  pods_->add_index(by_node, [](const entry& item) {
    const auto* spec = item.as<Pod>().spec();
    const auto node = spec == nullptr ? std::string_view{} : text(spec->nodeName());
    return node.empty() ? std::vector<std::string>{} : std::vector<std::string>{std::string{node}};
  });
  slices_->add_index(by_service, [](const entry& item) {
    const auto service = service_of(item);
    return service.empty() ? std::vector<std::string>{} : std::vector<std::string>{service};
  });
  services_->on_change([enqueue = tools.enqueue](const std::string& key, const entry*, const entry*) { enqueue(key); });
  slices_->on_change([enqueue = tools.enqueue](const std::string&, const entry* before, const entry* after) {
    for (const auto* slice : {before, after})
      if (slice != nullptr)
        if (const auto key = service_of(*slice); !key.empty())
          enqueue(key);
  });
  const auto enqueue_services_of = [this, enqueue = tools.enqueue](const entry& pod) {
    for (const auto& key : framework::selecting_services(*services_, text(pod.metadata->namespace_()), *pod.metadata))
      enqueue(key);
  };
  pods_->on_change([enqueue_services_of](const std::string&, const entry* before, const entry* after) {
    if (before != nullptr && after != nullptr && !framework::changes_endpoints(*before, *after))
      return;
    for (const auto* pod : {before, after})
      if (pod != nullptr)
        enqueue_services_of(*pod);
  });
  nodes_->on_change([this, enqueue_services_of](const std::string& name, const entry* before, const entry* after) {
    if (before != nullptr && after != nullptr && zone_of(before) == zone_of(after))
      return;
    for (const auto& pod : pods_->by_index(by_node, name))
      enqueue_services_of(*pods_->find(pod));
  });
}

std::vector<located_pod> endpointslice_controller::locate_pods(const entry& item, const Service& service) const {
  std::vector<located_pod> result;
  for (const auto& key : framework::selected_pods(*pods_, by_label, text(item.metadata->namespace_()), service)) {
    const auto& pod = pods_->find(key)->as<Pod>();
    const auto node_name = text(pod.spec()->nodeName());
    const entry* node = nodes_->find(node_name);
    if (node == nullptr && !node_name.empty() && !service.spec()->publishNotReadyAddresses())
      continue; // the node's arrival queues the Service again
    result.push_back({&pod, std::string{zone_of(node)}});
  }
  return result;
}

std::vector<const entry*> endpointslice_controller::own_slices(const std::string& key, const entry& item, sync_plan& plan) const {
  std::vector<const entry*> result;
  for (const auto& slice_key : slices_->by_index(by_service, key)) {
    const entry* slice = slices_->find(slice_key);
    if (slice->metadata->deletionTimestamp().has_value())
      continue;
    const auto& object = slice->as<messages::api::discovery::v1::EndpointSlice>();
    if (client::controller_uid_of(*slice) == text(item.metadata->uid()) && text(object.addressType()) == "IPv4")
      result.push_back(slice);
    else
      plan.operations.push_back(operation::remove(client::endpointslices, std::string{text(slice->metadata->namespace_())},
                                                  std::string{text(slice->metadata->name())}));
  }
  return result;
}

sync_plan endpointslice_controller::sync(const std::string& key) {
  sync_plan plan;
  const entry* item = services_->find(key);
  if (item == nullptr || item->metadata->deletionTimestamp().has_value())
    return plan; // the garbage collector removes the slices with their owner
  const auto& service = item->as<Service>();
  if (!framework::has_managed_endpoints(service))
    return plan;

  const auto slices = own_slices(key, *item, plan);
  const draft labels = wanted_labels(service);
  std::vector<present_slice> present;
  for (size_t i = 0; i < slices.size(); ++i)
    present.push_back(read_slice(i, *slices[i], labels));
  auto decision = decide_slices(group_endpoints(service, locate_pods(*item, service)), std::move(present));

  for (auto& content : decision.create)
    plan.operations.push_back(operation::create(client::endpointslices, new_slice(service, std::move(content))));
  for (auto& [id, content] : decision.update) {
    draft object = client::draft_of(client::endpointslices, *slices[id]);
    object["metadata"].set("labels", labels);
    object.set("endpoints", array_of(std::move(content.endpoints)));
    object.set("ports", std::move(content.ports));
    plan.operations.push_back(operation::update(client::endpointslices, std::move(object)));
  }
  for (const size_t id : decision.remove)
    plan.operations.push_back(operation::remove(client::endpointslices, std::string{text(slices[id]->metadata->namespace_())},
                                                std::string{text(slices[id]->metadata->name())}));
  const framework::event_note failure{client::reference_to(client::services, *item), true, "FailedToUpdateEndpointSlices",
                                      fmt::format("Error updating Endpoint Slices for Service {}: {{}}", key)};
  for (auto& write : plan.operations)
    write.on_failure = failure;
  return plan;
}

} // namespace actors::controllers::endpointslice
