// The quality-of-service class of a pod.
#include "actors/apiserver/registry/core/pod/qos.hpp"

#include "actors/apiserver/registry/fields.hpp"
#include "actors/apiserver/registry/scalars.hpp"

namespace actors::apiserver::registry::core::pod {

namespace {

// Sums of cpu and memory; amounts of 0 do not count.
struct totals {
  draft cpu, memory;
  size_t count() const { return !cpu.is_null() + !memory.is_null(); }

  /// True when both were given.
  bool add(const draft& list) {
    bool both = true;
    for (auto [name, total] : {std::pair<std::string_view, draft*>{"cpu", &cpu}, {"memory", &memory}}) {
      auto& quantity = list.get(name);
      if (quantity.is_null() || compare_quantities(quantity, 0) <= 0)
        both = false;
      else
        *total = total->is_null() ? draft(quantity_text(quantity)) : add_quantities(*total, quantity);
    }
    return both;
  }
};

bool covers(const draft& limit, const draft& request) {
  return request.is_null() || (!limit.is_null() && compare_quantities(limit, request) == 0);
}

std::string_view classify(const totals& requests, const totals& limits, bool all_limited) {
  if (requests.count() == 0 && limits.count() == 0)
    return "BestEffort";
  bool guaranteed = all_limited && covers(limits.cpu, requests.cpu) &&
                    covers(limits.memory, requests.memory) && requests.count() == limits.count();
  return guaranteed ? "Guaranteed" : "Burstable";
}

} // namespace

std::string_view qos_class(const draft& spec) {
  totals requests, limits;
  bool all_limited = true;
  if (has(spec, "resources") && !spec.get("resources").empty()) {
    requests.add(spec.get("resources").get("requests"));
    all_limited = limits.add(spec.get("resources").get("limits"));
    return classify(requests, limits, all_limited);
  }
  for (std::string_view list : {"containers", "initContainers"})
    for (auto& container : spec.get(list).items()) {
      requests.add(container.get("resources").get("requests"));
      all_limited &= limits.add(container.get("resources").get("limits"));
    }
  return classify(requests, limits, all_limited);
}

} // namespace actors::apiserver::registry::core::pod
