// The order of admission.
#include "actors/apiserver/admission/admission.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "actors/apiserver/admission/pod_admission.hpp"
#include "actors/apiserver/registry/fields.hpp"
#include "messages/codec/codec.hpp"

namespace actors::apiserver::admission {

namespace {

constexpr std::array<std::string_view, 3> immortal_namespaces = {"default", "kube-public", "kube-system"};

bool is_core(const registry::kind& kind, std::string_view plural) {
  return kind.group.empty() && kind.plural == plural;
}

bool is_terminating(const cache::cached_object& object) {
  auto space = messages::codec::unpack(object.what(), object.bytes());
  return space.get("status").get("phase").str() == "Terminating";
}

api_error refuse_terminating(const registry::kind& kind, std::string_view name, std::string_view name_space) {
  std::string space(name_space);
  auto error = status::forbidden(
    kind, name, "unable to create new content in namespace " + space + " because it is being terminated");
  error.details.set(
    "causes",
    draft::make_array({draft::make_object({{"reason", "NamespaceTerminating"},
                                           {"message", "namespace " + space + " is being terminated"},
                                           {"field", "metadata.namespace"}})}));
  return error;
}

api_error check_namespace(const registry::kind& kind, std::string_view name, std::string_view name_space,
                          const namespace_lookup& find_namespace) {
  if (!kind.namespaced)
    return {};
  auto space = find_namespace(name_space);
  if (!space)
    return status::not_found(*registry::find_kind("", "v1", "namespaces"), name_space);
  if (is_terminating(*space))
    return refuse_terminating(kind, name, name_space);
  return {};
}

api_error refuse_pod(const registry::kind& kind, const draft& pod, const std::optional<std::string>& why) {
  if (!why)
    return {};
  return status::forbidden(kind, pod.get("metadata").get("name").str(), *why);
}

} // namespace

api_error admit_create(const registry::kind& kind, std::string_view name_space, draft& object,
                       const namespace_lookup& find_namespace) {
  if (auto error =
        check_namespace(kind, object.get("metadata").get("name").str(), name_space, find_namespace))
    return error;
  if (!is_core(kind, "pods"))
    return {};
  if (auto error = refuse_pod(kind, object, set_service_account(object)))
    return error;
  if (auto error = refuse_pod(kind, object, set_priority(object)))
    return error;
  tolerate_lost_nodes(object);
  return {};
}

api_error admit_update(const registry::kind& kind, std::string_view subresource, draft& next,
                       const draft& old) {
  if (!is_core(kind, "pods") || !subresource.empty())
    return {};
  keep_priority(next, old);
  tolerate_lost_nodes(next);
  return {};
}

api_error admit_delete(const registry::kind& kind, std::string_view name) {
  bool immortal =
    std::find(immortal_namespaces.begin(), immortal_namespaces.end(), name) != immortal_namespaces.end();
  if (is_core(kind, "namespaces") && immortal)
    return status::forbidden(kind, name, "this namespace may not be deleted");
  if (kind.group == "troupe.dev" && kind.plural == "placements")
    return status::forbidden(kind, name, "the placement in force may not be deleted; `troupe apply` changes it");
  return {};
}

} // namespace actors::apiserver::admission
