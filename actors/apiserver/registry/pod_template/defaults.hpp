// Defaults of a pod spec, in a Pod or in a template.
#pragma once

#include <string_view>

#include "messages/codec/draft.hpp"

namespace actors::apiserver::registry::pod_template {

using messages::codec::draft;

/// The defaults that a template has too; a Pod has more (core/pod).
void default_pod_spec(draft& spec);
/// `spec.template.spec`, made when absent.
void default_template(draft& workload);

/// Always for ":latest" and for no tag at all, else IfNotPresent.
std::string_view default_pull_policy(std::string_view image);

/// containers, initContainers, ephemeralContainers.
template <class Change>
void for_each_container(draft& spec, Change change) {
  for (std::string_view list : {"initContainers", "containers", "ephemeralContainers"})
    if (auto* containers = spec.find(list); containers && containers->is_array())
      for (auto& container : containers->items())
        if (container.is_object())
          change(container);
}

} // namespace actors::apiserver::registry::pod_template
