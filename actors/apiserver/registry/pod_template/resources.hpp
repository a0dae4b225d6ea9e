// Resource lists: names, quantities, requests against limits.
#pragma once

#include <set>
#include <string>

#include "actors/apiserver/registry/field_error.hpp"

namespace actors::apiserver::registry::pod_template {

/// Every quantity of a list rounded up to a thousandth, as the API always did.
void round_up(draft& list);

/// Not negative; whole where the resource comes in whole units.
void validate_quantity(std::string_view resource, const draft& quantity, const path&, field_errors&);

/// A container's `resources`: names, quantities, requests <= limits, claims among `claim_names`.
void validate_resources(const draft& resources, const std::set<std::string>& claim_names, const path&,
                        field_errors&);
/// A pod's `resources`: only cpu, memory and hugepages.
void validate_pod_resources(const draft& resources, const path&, field_errors&);

/// What all containers of a pod request of `resource` at once, counting init containers; null when none does.
draft total_requests(const draft& pod_spec, std::string_view resource);
/// A pod's requests are at least those of its containers; no container's limit is over the pod's.
void validate_pod_covers_containers(const draft& pod_spec, const path& resources_field, field_errors&);

bool is_huge_page(std::string_view resource);
/// May requests be less than limits? Not for hugepages and extended resources.
bool may_overcommit(std::string_view resource);

} // namespace actors::apiserver::registry::pod_template
