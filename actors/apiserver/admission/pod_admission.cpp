// What admission adds to a pod.
#include "actors/apiserver/admission/pod_admission.hpp"

#include <string_view>

#include "actors/apiserver/registry/fields.hpp"

namespace actors::apiserver::admission {

namespace {

using registry::copy_member;
using registry::default_to;
using registry::has;
using registry::has_text;
using registry::object_made;

struct priority_class {
  std::string_view name;
  int64_t value;
};
constexpr priority_class system_classes[] = {{"system-cluster-critical", 2000000000},
                                             {"system-node-critical", 2000001000}};

constexpr std::string_view mirror_annotation = "kubernetes.io/config.mirror";

bool tolerates(const draft& tolerations, std::string_view taint) {
  for (auto& toleration : tolerations.items()) {
    auto key = toleration.get("key").str();
    auto effect = toleration.get("effect").str();
    if ((key == taint || key.empty()) && (effect == "NoExecute" || effect.empty()))
      return true;
  }
  return false;
}

} // namespace

std::optional<std::string> set_service_account(draft& pod) {
  auto& spec = object_made(pod, "spec");
  if (pod.get("metadata").get("annotations").contains(mirror_annotation)) {
    if (has_text(spec, "serviceAccountName"))
      return "a mirror pod may not reference service accounts";
    return {};
  }
  if (has_text(spec, "serviceAccountName"))
    return {};
  spec.set("serviceAccountName", "default");
  spec.set("serviceAccount", "default");
  return {};
}

std::optional<std::string> set_priority(draft& pod) {
  auto& spec = object_made(pod, "spec");
  std::string name(spec.get("priorityClassName").str());
  int64_t value = 0;
  bool known = name.empty();
  for (auto& system : system_classes)
    if (name == system.name) {
      value = system.value;
      known = true;
    }
  if (!known)
    return "no PriorityClass with name " + name + " was found";
  if (spec.get("priority").is_integer() && spec.get("priority").integer() != value)
    return "the integer value of priority (" + std::to_string(spec.get("priority").integer()) +
           ") must not be provided in pod spec; priority admission controller computed " +
           std::to_string(value) + " from the given PriorityClass name";
  auto policy = spec.get("preemptionPolicy").str();
  if (!policy.empty() && policy != "PreemptLowerPriority")
    return "the string value of PreemptionPolicy (" + std::string(policy) +
           ") must not be provided in pod spec; priority admission controller computed PreemptLowerPriority "
           "from the "
           "given PriorityClass name";
  spec.set("priority", value);
  spec.set("preemptionPolicy", "PreemptLowerPriority");
  return {};
}

void keep_priority(draft& next, const draft& old) {
  auto& spec = object_made(next, "spec");
  for (std::string_view key : {"priority", "preemptionPolicy"})
    if (!has(spec, key))
      copy_member(spec, old.get("spec"), key);
}

void tolerate_lost_nodes(draft& pod) {
  auto& spec = object_made(pod, "spec");
  auto& tolerations = spec["tolerations"];
  if (!tolerations.is_array())
    tolerations = draft::make_array();
  for (std::string_view taint : {"node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"})
    if (!tolerates(tolerations, taint))
      tolerations.push_back(draft::make_object({{"key", taint},
                                                {"operator", "Exists"},
                                                {"effect", "NoExecute"},
                                                {"tolerationSeconds", lost_node_seconds}}));
}

} // namespace actors::apiserver::admission
