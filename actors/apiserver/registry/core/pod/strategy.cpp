// What the server makes of a Pod: first status, generations, deletion with grace, binding.
#include "actors/apiserver/registry/core/pod/strategy.hpp"

#include "actors/apiserver/registry/core/pod/pod.hpp"
#include "actors/apiserver/registry/core/pod/qos.hpp"
#include "actors/apiserver/registry/fields.hpp"
#include "actors/apiserver/registry/meta/object_meta.hpp"
#include "actors/apiserver/registry/scalars.hpp"

namespace actors::apiserver::registry::core::pod {

namespace {

// Sets or adds the condition; its transition time moves only with its status.
void set_condition(draft& status, std::string_view type, std::string_view value, int64_t now_seconds) {
  auto& conditions = status["conditions"];
  if (!conditions.is_array())
    conditions = draft::make_array();
  for (auto& condition : conditions.items()) {
    if (condition.get("type").str() != type)
      continue;
    if (condition.get("status").str() != value)
      condition.set("lastTransitionTime", time_text(now_seconds));
    condition.set("status", value);
    condition.erase("reason");
    condition.erase("message");
    return;
  }
  conditions.push_back(draft::make_object({{"type", type},
                                           {"status", value},
                                           {"lastProbeTime", draft()},
                                           {"lastTransitionTime", time_text(now_seconds)}}));
}

void merge_members(draft& into, std::string_view key, const draft& from) {
  for (auto& [name, value] : from.members())
    object_made(into, key).set(name, value);
}

} // namespace

void prepare_create(const change_context& context, draft& pod) {
  meta::begin_generation(pod);
  auto& spec = pod.get("spec");
  auto status = draft::make_object({{"phase", "Pending"}, {"qosClass", qos_class(spec)}});
  if (!spec.get("schedulingGates").empty()) {
    set_condition(status, "PodScheduled", "False", context.now_seconds);
    auto& condition = status["conditions"].items().front();
    condition.set("reason", "SchedulingGated");
    condition.set("message", "Scheduling is blocked due to non-empty scheduling gates");
  }
  pod.set("status", std::move(status));
}

void prepare_update(const change_context&, draft& next, const draft& old) {
  copy_member(next, old, "status");
  meta::bump_generation(next, old, !meta::semantically_equal(next.get("spec"), old.get("spec")));
}

void prepare_status_update(const change_context&, draft& next, const draft& old) {
  copy_member(next, old, "spec");
  copy_member(object_made(next, "metadata"), old.get("metadata"), "ownerReferences");
  auto& status = object_made(next, "status");
  if (!has_text(status, "qosClass"))
    copy_member(status, old.get("status"), "qosClass");
}

int64_t grace_seconds(const draft& pod, std::optional<int64_t> asked) {
  auto& spec = pod.get("spec");
  auto phase = pod.get("status").get("phase").str();
  if (!has_text(spec, "nodeName") || phase == "Failed" || phase == "Succeeded")
    return 0;
  auto seconds = asked.value_or(spec.get("terminationGracePeriodSeconds").integer());
  return seconds < 0 ? 1 : seconds;
}

void validate_binding(const draft& binding, field_errors& out) {
  auto& target = binding.get("target");
  auto kind_name = target.get("kind").str();
  if (!kind_name.empty() && kind_name != "Node")
    out.push_back(not_supported("target.kind", kind_name, {"Node", "<empty>"}));
  if (!has_text(target, "name"))
    out.push_back(required("target.name"));
}

std::optional<std::string> apply_binding(const change_context& context, const draft& binding, draft& pod) {
  std::string name(pod.get("metadata").get("name").str());
  auto uid = std::string(pod.get("metadata").get("uid").str());
  auto wanted_uid = std::string(binding.get("metadata").get("uid").str());
  auto& spec = object_made(pod, "spec");
  if (!wanted_uid.empty() && wanted_uid != uid)
    return "Precondition failed: UID in precondition: " + wanted_uid + ", UID in object meta: " + uid;
  if (has(pod.get("metadata"), "deletionTimestamp"))
    return "pod " + name + " is being deleted, cannot be assigned to a host";
  if (has_text(spec, "nodeName"))
    return "pod " + name + " is already assigned to node \"" + std::string(spec.get("nodeName").str()) + "\"";
  if (!spec.get("schedulingGates").empty())
    return "pod " + name + " has non-empty .spec.schedulingGates";
  spec.set("nodeName", binding.get("target").get("name"));
  auto& metadata = object_made(pod, "metadata");
  merge_members(metadata, "annotations", binding.get("metadata").get("annotations"));
  merge_members(metadata, "labels", binding.get("metadata").get("labels"));
  set_condition(object_made(pod, "status"), "PodScheduled", "True", context.now_seconds);
  return {};
}

void validate_log_options(const draft& options, field_errors& out) {
  auto& tail = options.get("tailLines");
  auto& limit = options.get("limitBytes");
  auto& since = options.get("sinceSeconds");
  if (tail.is_integer() && tail.integer() < 0)
    out.push_back(invalid("tailLines", tail, "must be greater than or equal to 0"));
  if (limit.is_integer() && limit.integer() < 1)
    out.push_back(invalid("limitBytes", limit, "must be greater than 0"));
  if (since.is_integer() && has(options, "sinceTime"))
    out.push_back(forbidden("", "at most one of `sinceTime` or `sinceSeconds` may be specified"));
  else if (since.is_integer() && since.integer() < 1)
    out.push_back(invalid("sinceSeconds", since, "must be greater than 0"));
  auto stream = options.get("stream").str("All");
  if (stream != "All" && stream != "Stdout" && stream != "Stderr")
    out.push_back(not_supported("stream", stream, {"All", "Stderr", "Stdout"}));
  else if (stream != "All" && tail.is_integer())
    out.push_back(forbidden("", "`tailLines` and specific `stream` are mutually exclusive for now"));
}

} // namespace actors::apiserver::registry::core::pod
