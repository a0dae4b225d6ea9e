#include "actors/kubelet/pods/pod_spec.hpp"
#include <cstdio>

namespace actors::kubelet::pods {
namespace {

bool amounts_empty(const resource_amounts& a) {
  return a.cpu_milli.value_or(0) == 0 && a.memory_bytes.value_or(0) == 0;
}

bool guaranteed(const resource_spec& r) {
  if (r.limits.cpu_milli.value_or(0) == 0 || r.limits.memory_bytes.value_or(0) == 0)
    return false;
  // A request that is absent was defaulted to the limit by the API.
  return r.requests.cpu_milli.value_or(*r.limits.cpu_milli) == *r.limits.cpu_milli &&
         r.requests.memory_bytes.value_or(*r.limits.memory_bytes) == *r.limits.memory_bytes;
}

} // namespace

qos_class compute_qos(const pod_spec& pod) {
  bool any = false, all_guaranteed = true;
  for (const auto* list : {&pod.init_containers, &pod.containers})
    for (const auto& c : *list) {
      any = any || !amounts_empty(c.resources.requests) || !amounts_empty(c.resources.limits);
      all_guaranteed = all_guaranteed && guaranteed(c.resources);
    }
  if (!any)
    return qos_class::best_effort;
  return all_guaranteed ? qos_class::guaranteed : qos_class::burstable;
}

const char* qos_name(qos_class q) {
  switch (q) {
    case qos_class::guaranteed:
      return "Guaranteed";
    case qos_class::burstable:
      return "Burstable";
    default:
      return "BestEffort";
  }
}

const container_spec* find_container(const pod_spec& pod, std::string_view name) {
  for (const auto* list : {&pod.containers, &pod.init_containers})
    for (const auto& c : *list)
      if (c.name == name)
        return &c;
  return nullptr;
}

std::string container_hash(const container_spec& c) {
  uint64_t h = 14695981039346656037ull; // FNV-1a
  for (std::string_view part : {std::string_view(c.name), std::string_view("\n"), std::string_view(c.image)})
    for (unsigned char byte : part)
      h = (h ^ byte) * 1099511628211ull;
  char text[20];
  std::snprintf(text, sizeof text, "%llx", static_cast<unsigned long long>(h));
  return text;
}

} // namespace actors::kubelet::pods
