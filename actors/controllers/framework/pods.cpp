// Pods as controllers see them.
#include "actors/controllers/framework/pods.hpp"

namespace actors::controllers::framework {

std::string_view text(const flatbuffers::String* value) {
  return value == nullptr ? std::string_view{} : std::string_view{value->c_str(), value->size()};
}

std::string_view phase_of(const Pod& pod) {
  const auto phase = pod.status() == nullptr ? std::string_view{} : text(pod.status()->phase());
  return phase.empty() ? "Pending" : phase;
}

bool is_deleted(const Pod& pod) {
  return pod.metadata()->deletionTimestamp().has_value();
}

bool is_active(const Pod& pod) {
  const auto phase = phase_of(pod);
  return phase != "Succeeded" && phase != "Failed" && !is_deleted(pod);
}

const PodCondition* condition_of(const Pod& pod, std::string_view type) {
  if (pod.status() == nullptr || pod.status()->conditions() == nullptr)
    return nullptr;
  for (const auto* condition : *pod.status()->conditions())
    if (text(condition->type()) == type)
      return condition;
  return nullptr;
}

bool is_ready(const Pod& pod) {
  const auto* ready = condition_of(pod, "Ready");
  return ready != nullptr && text(ready->status()) == "True";
}

std::optional<int64_t> ready_since(const Pod& pod) {
  const auto* ready = condition_of(pod, "Ready");
  if (ready == nullptr || text(ready->status()) != "True")
    return std::nullopt;
  return ready->lastTransitionTime().value_or(0);
}

bool is_available(const Pod& pod, int64_t min_ready_seconds, int64_t now_seconds) {
  const auto since = ready_since(pod);
  return since && (min_ready_seconds == 0 || (*since > 0 && *since + min_ready_seconds <= now_seconds));
}

int32_t restarts_max(const Pod& pod) {
  int32_t result = 0;
  if (pod.status() != nullptr && pod.status()->containerStatuses() != nullptr)
    for (const auto* container : *pod.status()->containerStatuses())
      result = std::max(result, container->restartCount());
  return result;
}

client::draft controller_reference(const client::resource& what, std::string_view name, std::string_view uid) {
  return client::draft::make_object({{"apiVersion", what.api_version()},
                                     {"kind", what.kind},
                                     {"name", name},
                                     {"uid", uid},
                                     {"controller", true},
                                     {"blockOwnerDeletion", true}});
}

client::draft pod_from_template(const client::draft& pod_template, std::string_view name_space, std::string_view prefix,
                                client::draft owner) {
  using client::draft;
  const draft& from = pod_template.get("metadata");
  draft metadata = draft::make_object({{"generateName", prefix}, {"namespace", name_space}});
  for (const std::string_view copied : {"labels", "annotations", "finalizers"})
    if (!from.get(copied).is_null())
      metadata.set(copied, from.get(copied));
  metadata.set("ownerReferences", draft::make_array({std::move(owner)}));
  return draft::make_object(
    {{"apiVersion", "v1"}, {"kind", "Pod"}, {"metadata", std::move(metadata)}, {"spec", pod_template.get("spec")}});
}

} // namespace actors::controllers::framework
