// Defaults that a Pod has beyond those of its spec.
#include "actors/apiserver/registry/core/pod/defaults.hpp"

#include "actors/apiserver/registry/fields.hpp"
#include "actors/apiserver/registry/pod_template/defaults.hpp"
#include "actors/apiserver/registry/pod_template/resources.hpp"

namespace actors::apiserver::registry::core::pod {

namespace {

// A limit without a request is a request too.
void default_requests(draft& container) {
  auto limits = container.get("resources").get("limits"); // a copy: `requests` may move the members
  if (limits.empty())
    return;
  auto& requests = object_made(object_made(container, "resources"), "requests");
  for (auto& [name, quantity] : limits.members())
    default_to(requests, name, quantity);
}

void default_host_ports(draft& container) {
  for_each_item(container, "ports",
                [](draft& port) { default_number(port, "hostPort", port.get("containerPort").integer()); });
}

// Requests of the pod as a whole: what its containers request, else its limits.
void default_pod_requests(draft& spec) {
  auto limits = spec.get("resources").get("limits");
  if (limits.empty())
    return;
  auto requests = spec.get("resources").get("requests");
  if (!requests.is_object())
    requests = draft::make_object();
  for (std::string_view name : {"cpu", "memory"})
    if (auto total = pod_template::total_requests(spec, name); !total.is_null())
      default_to(requests, name, total);
  for (auto& [name, quantity] : limits.members())
    if (name == "cpu" || name == "memory" || pod_template::is_huge_page(name))
      default_to(requests, name, quantity);
  if (!requests.empty())
    spec["resources"].set("requests", requests);
}

} // namespace

void apply_defaults(draft& pod) {
  auto& spec = object_made(pod, "spec");
  pod_template::default_pod_spec(spec);
  for (std::string_view list : {"containers", "initContainers"})
    for_each_item(spec, list, default_requests);
  default_pod_requests(spec);
  default_to(spec, "enableServiceLinks", true);
  if (spec.get("hostNetwork").boolean())
    for (std::string_view list : {"containers", "initContainers"})
      for_each_item(spec, list, default_host_ports);
}

} // namespace actors::apiserver::registry::core::pod
