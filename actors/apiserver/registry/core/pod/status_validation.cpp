// Validation of what a kubelet reports about a Pod.
#include "actors/apiserver/registry/core/pod/status_validation.hpp"

#include <set>

#include "actors/apiserver/registry/core/pod/validation.hpp"
#include "actors/apiserver/registry/fields.hpp"
#include "actors/apiserver/registry/meta/names.hpp"
#include "actors/apiserver/registry/meta/network.hpp"
#include "actors/apiserver/registry/meta/object_meta.hpp"
#include "actors/apiserver/registry/pod_template/containers.hpp"
#include "actors/apiserver/registry/pod_template/pod_spec.hpp"

namespace actors::apiserver::registry::core::pod {

namespace {

bool is_sidecar_name(const draft& spec, std::string_view name) {
  for (auto& container : spec.get("initContainers").items())
    if (container.get("name").str() == name)
      return pod_template::is_sidecar(container);
  return false;
}

// A container that ended for good does not run again.
void validate_transitions(const draft& next, const draft& old, std::string_view list,
                          std::string_view restart_policy, const draft& spec, field_errors& out) {
  if (restart_policy == "Always")
    return;
  auto& before = old.get(list).items();
  for (size_t i = 0; i < before.size(); ++i) {
    auto& ended = before[i].get("state").get("terminated");
    auto name = before[i].get("name").str();
    if (ended.is_null() || (ended.get("exitCode").integer() != 0 && restart_policy == "OnFailure"))
      continue;
    if (list == "initContainerStatuses" && is_sidecar_name(spec, name))
      continue;
    for (auto& now : next.get(list).items())
      if (now.get("name").str() == name && !has(now.get("state"), "terminated"))
        out.push_back(forbidden(path("status").child(list).index(i).child("state"),
                                "may not be transitioned to non-terminated state"));
  }
}

void validate_ip_list(const draft& list, const path& field, field_errors& out) {
  std::set<std::string_view> seen;
  int v4 = 0, v6 = 0;
  for (size_t i = 0; i < list.size(); ++i) {
    auto address = list.items()[i].get("ip").str();
    meta::validate_ip(address, field.index(i), out);
    v4 += meta::family_of(address) == meta::ip_family::v4;
    v6 += meta::family_of(address) == meta::ip_family::v6;
  }
  if (list.size() > 1 && (v4 > 1 || v6 > 1 || list.size() > 2))
    out.push_back(invalid(field, list, "may specify no more than one IP for each IP family"));
  for (size_t i = 0; i < list.size(); ++i)
    if (!seen.insert(list.items()[i].get("ip").str()).second)
      out.push_back(duplicate(field.index(i), list.items()[i]));
}

} // namespace

void validate_pod_annotation_update(const draft& next, const draft& old, field_errors& out) {
  constexpr std::string_view mirror = "kubernetes.io/config.mirror";
  auto& now = next.get("metadata").get("annotations");
  auto& before = old.get("metadata").get("annotations");
  path field("metadata.annotations");
  if (before.contains(mirror) && now.get(mirror).str() != before.get(mirror).str())
    out.push_back(forbidden(field.key(mirror), "may not remove or update mirror pod annotation"));
  if (!before.contains(mirror) && now.contains(mirror))
    out.push_back(forbidden(field.key(mirror), "may not add mirror pod annotation"));
}

void validate_status_update(const draft& next, const draft& old, field_errors& out) {
  auto& status = next.get("status");
  auto& before = old.get("status");
  auto& spec = old.get("spec");
  meta::validate_object_meta_update(next, old, out);
  validate_pod_annotation_update(next, old, out);
  pod_template::validate_pod_annotations(next.get("metadata").get("annotations"), next.get("spec"),
                                         path("metadata.annotations"), out);
  if (next.get("spec").get("nodeName").str() != spec.get("nodeName").str())
    out.push_back(forbidden("status.nodeName", "may not be changed directly"));
  auto& conditions = status.get("conditions").items();
  for (size_t i = 0; i < conditions.size(); ++i)
    meta::add(out, path("metadata.conditions").index(i).child("Type"), conditions[i].get("type"),
              meta::check_label_key(conditions[i].get("type").str()));
  auto nominated = status.get("nominatedNodeName").str();
  if (!nominated.empty() && nominated != before.get("nominatedNodeName").str())
    meta::add(out, path("status.nominatedNodeName"), nominated, meta::check_dns1123_subdomain(nominated));
  meta::validate_immutable(status.get("qosClass"), before.get("qosClass"), path("status.qosClass"), out);
  auto restart_policy = spec.get("restartPolicy").str();
  validate_transitions(status, before, "containerStatuses", restart_policy, spec, out);
  validate_transitions(status, before, "initContainerStatuses", restart_policy, spec, out);
  validate_transitions(status, before, "ephemeralContainerStatuses", "Never", spec, out);
  validate_ip_list(status.get("podIPs"), path("status.podIPs"), out);
  auto& host_ips = status.get("hostIPs");
  if (!host_ips.empty() && host_ips.items().front().get("ip").str() != status.get("hostIP").str())
    out.push_back(
      invalid("status.hostIPs[0].ip", host_ips.items().front().get("ip"), "must be equal to `hostIP`"));
  validate_ip_list(host_ips, path("status.hostIPs"), out);
}

} // namespace actors::apiserver::registry::core::pod
