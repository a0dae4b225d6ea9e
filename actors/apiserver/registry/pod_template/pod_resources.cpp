// What the containers of a pod need together, and whether the pod's own resources cover it.
#include "actors/apiserver/registry/fields.hpp"
#include "actors/apiserver/registry/pod_template/containers.hpp"
#include "actors/apiserver/registry/pod_template/resources.hpp"
#include "actors/apiserver/registry/scalars.hpp"

namespace actors::apiserver::registry::pod_template {

namespace {

draft larger(const draft& left, const draft& right) {
  if (left.is_null() || right.is_null())
    return left.is_null() ? right : left;
  return compare_quantities(left, right) < 0 ? right : left;
}

draft sum(const draft& left, const draft& right) {
  if (left.is_null() || right.is_null())
    return left.is_null() ? right : left;
  return add_quantities(left, right);
}

} // namespace

draft total_requests(const draft& spec, std::string_view resource) {
  auto request_of = [&](const draft& container) {
    return draft(container.get("resources").get("requests").get(resource));
  };
  draft running, sidecars, starting;
  for (auto& container : spec.get("containers").items())
    running = sum(running, request_of(container));
  for (auto& container : spec.get("initContainers").items()) {
    // A plain init container runs beside the sidecars started before it.
    auto request = request_of(container);
    if (is_sidecar(container))
      sidecars = sum(sidecars, request);
    else
      request = sum(request, sidecars);
    starting = larger(starting, is_sidecar(container) ? sidecars : request);
  }
  return larger(sum(running, sidecars), starting);
}

void validate_pod_covers_containers(const draft& spec, const path& field, field_errors& out) {
  auto& resources = spec.get("resources");
  if (resources.empty())
    return;
  for (std::string_view name : {"cpu", "memory"}) {
    auto total = total_requests(spec, name);
    auto& request = resources.get("requests").get(name);
    if (!total.is_null() && compare_quantities(total, request) > 0)
      out.push_back(
        invalid(field.child("requests").key(name), quantity_text(request),
                "must be greater than or equal to aggregate container requests of " + quantity_text(total)));
  }
  auto& containers = spec.get("containers").items();
  for (size_t i = 0; i < containers.size(); ++i)
    for (auto& [name, limit] : containers[i].get("resources").get("limits").members())
      if (auto& most = resources.get("limits").get(name); has(resources.get("limits"), name))
        if (compare_quantities(limit, most) > 0)
          out.push_back(invalid(field.child("containers").index(i).key(name).child("limits"),
                                quantity_text(limit),
                                "must be less than or equal to pod limits of " + quantity_text(most)));
}

} // namespace actors::apiserver::registry::pod_template
