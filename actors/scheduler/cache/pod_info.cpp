// Requests of pods.
#include "actors/scheduler/cache/pod_info.hpp"

#include <algorithm>

#include "messages/codec/quantity.hpp"

namespace actors::scheduler::cache {

namespace {

using messages::api::core::v1::Container;
using messages::codec::quantity;

constexpr int64_t default_milli_cpu = 100;
constexpr int64_t default_memory = 200 * 1024 * 1024;

resources requests_of(const Container& container) {
  return container.resources() == nullptr ? resources{} : resources_of(container.resources()->requests());
}

resources nonzero(resources amounts) {
  if (amounts.milli_cpu == 0)
    amounts.milli_cpu = default_milli_cpu;
  if (amounts.memory == 0)
    amounts.memory = default_memory;
  return amounts;
}

/// Containers run together; init containers one after the other before them, except restartable ones, which stay.
template <class RequestsOf>
resources total(const Pod& pod, RequestsOf requests) {
  resources sum, peak, sidecars;
  const auto* spec = pod.spec();
  if (spec == nullptr)
    return sum;
  if (spec->containers() != nullptr)
    for (const auto* container : *spec->containers())
      sum.add(requests(*container));
  if (spec->initContainers() != nullptr)
    for (const auto* container : *spec->initContainers()) {
      resources own = requests(*container);
      if (text(container->restartPolicy()) == "Always") {
        sum.add(own);
        sidecars.add(own);
        own = sidecars;
      } else {
        own.add(sidecars);
      }
      peak.set_max(own);
    }
  sum.set_max(peak);
  sum.add(resources_of(spec->overhead()));
  return sum;
}

std::set<host_port> host_ports_of(const Pod& pod) {
  std::set<host_port> result;
  if (pod.spec() == nullptr || pod.spec()->containers() == nullptr)
    return result;
  for (const auto* container : *pod.spec()->containers())
    if (container->ports() != nullptr)
      for (const auto* port : *container->ports())
        if (port->hostPort() > 0) {
          const auto protocol = text(port->protocol());
          const auto ip = text(port->hostIP());
          result.emplace(protocol.empty() ? "TCP" : protocol, ip.empty() ? "0.0.0.0" : ip, port->hostPort());
        }
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
      result.milli_cpu = messages::codec::milli_value_of(amount);
    else if (name == "memory")
      result.memory = messages::codec::value_of(amount);
    else if (name == "ephemeral-storage")
      result.ephemeral_storage = messages::codec::value_of(amount);
    else if (name != "pods")
      result.scalars[std::string{name}] = messages::codec::value_of(amount);
  }
  return result;
}

pod_info make_pod_info(const std::string& key, const client::entry& item) {
  pod_info result;
  result.key = key;
  result.object = item.object;
  const Pod& pod = item.as<Pod>();
  result.uid = text(pod.metadata()->uid());
  if (pod.spec() != nullptr) {
    result.node = text(pod.spec()->nodeName());
    result.priority = pod.spec()->priority().value_or(0);
  }
  result.requests = total(pod, [](const Container& container) { return requests_of(container); });
  result.nonzero_requests = total(pod, [](const Container& container) { return nonzero(requests_of(container)); });
  result.host_ports = host_ports_of(pod);
  return result;
}

} // namespace actors::scheduler::cache
