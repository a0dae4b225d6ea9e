// Pod: its descriptor.
#include "actors/apiserver/registry/core/pod/pod.hpp"

#include "actors/apiserver/registry/core/pod/defaults.hpp"
#include "actors/apiserver/registry/core/pod/strategy.hpp"
#include "actors/apiserver/registry/core/pod/table.hpp"
#include "actors/apiserver/registry/core/pod/validation.hpp"
#include "actors/apiserver/registry/verbs.hpp"

namespace actors::apiserver::registry::core::pod {

kind describe() {
  kind k{.group = "", .version = "v1", .name = "Pod", .plural = "pods", .singular = "pod"};
  k.short_names = {"po"};
  k.categories = {"all"};
  k.shard = "pods";
  k.key_prefix = "/pods/";
  k.verbs = all_verbs;
  k.subresources = {
    {"binding", {}, {}, "Binding", {"create"}}, {"log", {}, {}, "Pod", {"get"}}, status_subresource("Pod")};
  k.has_status = true;
  k.selectable_fields = {{"spec.nodeName", {"spec", "nodeName"}},
                         {"spec.restartPolicy", {"spec", "restartPolicy"}},
                         {"spec.schedulerName", {"spec", "schedulerName"}},
                         {"spec.serviceAccountName", {"spec", "serviceAccountName"}},
                         {"spec.hostNetwork", {"spec", "hostNetwork"}, "false"},
                         {"status.phase", {"status", "phase"}},
                         {"status.podIP", {"status", "podIP"}},
                         {"status.nominatedNodeName", {"status", "nominatedNodeName"}}};
  k.apply_defaults = apply_defaults;
  k.prepare_create = prepare_create;
  k.prepare_update = prepare_update;
  k.prepare_status_update = prepare_status_update;
  k.validate = validate;
  k.validate_update = validate_update;
  k.validate_status_update = validate_status_update;
  k.grace_seconds = grace_seconds;
  k.columns = columns();
  k.cells = cells;
  return k;
}

} // namespace actors::apiserver::registry::core::pod
