// Requests of pods.
#include "actors/scheduler/cache/pod_info.hpp"

#include <algorithm>

#include "messages/codec/quantity.hpp"

namespace actors::scheduler::cache {

namespace {

using messages::api::core::v1::Container;
using messages::api::core::v1::PodSpec;
using messages::codec::quantity;

constexpr int64_t default_milli_cpu = 100;
constexpr int64_t default_memory = 200 * 1024 * 1024;

bool names(const quantity_entries* amounts, const char* resource) {
  return amounts != nullptr && amounts->LookupByKey(resource) != nullptr;
}

/// For containers that do not say what they need (zero is an answer).
struct defaults {
  int64_t milli_cpu = 0;
  int64_t memory = 0;
};

resources requests_of(const Container& container, const defaults& otherwise) {
  const auto* requests = container.resources() == nullptr ? nullptr : container.resources()->requests();
  resources result = resources_of(requests);
  if (!names(requests, "cpu"))
    result.milli_cpu = otherwise.milli_cpu;
  if (!names(requests, "memory"))
    result.memory = otherwise.memory;
  return result;
}

bool is_sidecar(const Container& container) { return text(container.restartPolicy()) == "Always"; }

/// Containers run together; init containers one after the other before them, except restartable ones, which stay.
resources total_of_containers(const PodSpec& spec, const defaults& otherwise) {
  resources sum, peak, sidecars;
  if (spec.containers() != nullptr)
    for (const auto* container : *spec.containers())
      sum.add(requests_of(*container, otherwise));
  if (spec.initContainers() != nullptr)
    for (const auto* container : *spec.initContainers()) {
      resources own = requests_of(*container, otherwise);
      if (is_sidecar(*container)) {
        sum.add(own);
        sidecars.add(own);
        own = sidecars;
      } else {
        own.add(sidecars);
      }
      peak.set_max(own);
    }
  sum.set_max(peak);
  return sum;
}

bool is_pod_level_resource(std::string_view name) {
  return name == "cpu" || name == "memory" || name.starts_with("hugepages-");
}

const quantity_entries* pod_level_requests(const PodSpec& spec) {
  const auto* requests = spec.resources() == nullptr ? nullptr : spec.resources()->requests();
  if (requests != nullptr)
    for (const auto* item : *requests)
      if (is_pod_level_resource(text(item->key())))
        return requests;
  return nullptr;
}

/// Requests of the pod as a whole count in place of those of its containers; then its overhead.
resources total(const PodSpec& spec, const defaults& otherwise) {
  resources sum = total_of_containers(spec, otherwise);
  if (const auto* whole = pod_level_requests(spec)) {
    const resources amounts = resources_of(whole);
    if (names(whole, "cpu"))
      sum.milli_cpu = amounts.milli_cpu;
    if (names(whole, "memory"))
      sum.memory = amounts.memory;
    for (const auto& [name, amount] : amounts.scalars)
      if (is_pod_level_resource(name))
        sum.scalars[name] = amount;
  }
  sum.add(resources_of(spec.overhead()));
  return sum;
}

bool any_container_names(const PodSpec& spec, const char* resource) {
  const auto any = [&](const auto* containers) {
    return containers != nullptr && std::any_of(containers->begin(), containers->end(), [&](const Container* item) {
      return item->resources() != nullptr && names(item->resources()->requests(), resource);
    });
  };
  return any(spec.containers()) || any(spec.initContainers());
}

/// In a pod that says as a whole what it needs, only what is said nowhere is assumed.
defaults assumed_for(const PodSpec& spec) {
  const auto* whole = pod_level_requests(spec);
  const auto said = [&](const char* name) {
    return whole != nullptr && (names(whole, name) || any_container_names(spec, name));
  };
  return {said("cpu") ? 0 : default_milli_cpu, said("memory") ? 0 : default_memory};
}

/// Of the containers that run as long as the pod does.
std::set<host_port> host_ports_of(const PodSpec& spec) {
  std::set<host_port> result;
  const auto add = [&](const Container& container) {
    if (container.ports() == nullptr)
      return;
    for (const auto* port : *container.ports())
      if (port->hostPort() > 0) {
        const auto protocol = text(port->protocol());
        const auto ip = text(port->hostIP());
        result.emplace(protocol.empty() ? "TCP" : protocol, ip.empty() ? "0.0.0.0" : ip, port->hostPort());
      }
  };
  if (spec.containers() != nullptr)
    for (const auto* container : *spec.containers())
      add(*container);
  if (spec.initContainers() != nullptr)
    for (const auto* container : *spec.initContainers())
      if (is_sidecar(*container))
        add(*container);
  return result;
}

} // namespace

void resources::add(const resources& other, int64_t sign) {
  milli_cpu += sign * other.milli_cpu;
  memory += sign * other.memory;
  ephemeral_storage += sign * other.ephemeral_storage;
  for (const auto& [name, amount] : other.scalars)
    scalars[name] += sign * amount;
}

void resources::set_max(const resources& other) {
  milli_cpu = std::max(milli_cpu, other.milli_cpu);
  memory = std::max(memory, other.memory);
  ephemeral_storage = std::max(ephemeral_storage, other.ephemeral_storage);
  for (const auto& [name, amount] : other.scalars)
    scalars[name] = std::max(scalars[name], amount);
}

resources resources_of(const quantity_entries* amounts) {
  resources result;
  if (amounts == nullptr)
    return result;
  for (const auto* item : *amounts) {
    if (item->value() == nullptr)
      continue;
    const quantity amount{*item->value()};
    const auto name = text(item->key());
    if (name == "cpu")
      result.milli_cpu = std::min(messages::codec::milli_value_of(amount), amount_max);
    else if (name == "memory")
      result.memory = std::min(messages::codec::value_of(amount), amount_max);
    else if (name == "ephemeral-storage")
      result.ephemeral_storage = std::min(messages::codec::value_of(amount), amount_max);
    else if (name != "pods")
      result.scalars[std::string{name}] = std::min(messages::codec::value_of(amount), amount_max);
  }
  return result;
}

pod_info make_pod_info(const std::string& key, const client::entry& item) {
  pod_info result;
  result.key = key;
  result.object = item.object;
  result.revision = item.revision;
  const Pod& pod = item.as<Pod>();
  result.uid = text(pod.metadata()->uid());
  if (const auto* spec = pod.spec()) {
    result.node = text(spec->nodeName());
    result.priority = spec->priority().value_or(0);
    result.requests = total(*spec, {});
    result.nonzero_requests = total(*spec, assumed_for(*spec));
    result.host_ports = host_ports_of(*spec);
  }
  return result;
}

} // namespace actors::scheduler::cache
