// Deletion: preconditions, grace, finalizers, propagation. And the binding of a pod to a node.
#include <fmt/format.h>

#include "actors/apiserver/admission/admission.hpp"
#include "actors/apiserver/registry/core/pod/pod.hpp"
#include "actors/apiserver/registry/meta/object_meta.hpp"
#include "actors/apiserver/verbs/plan.hpp"
#include "messages/codec/time.hpp"

namespace actors::apiserver::verbs {

namespace {

constexpr std::string_view orphan_finalizer = "orphan";
constexpr std::string_view foreground_finalizer = "foregroundDeletion";

/// The finalizers that the propagation policy asks the garbage collector to work off.
void set_propagation(draft& metadata, std::string_view policy) {
  if (policy.empty())
    return;
  draft kept = draft::make_array();
  for (const auto& item : metadata.get("finalizers").items())
    if (item.str() != orphan_finalizer && item.str() != foreground_finalizer)
      kept.push_back(item);
  if (policy == "Orphan")
    kept.push_back(orphan_finalizer);
  if (policy == "Foreground")
    kept.push_back(foreground_finalizer);
  if (kept.empty())
    metadata.erase("finalizers");
  else
    metadata.set("finalizers", std::move(kept));
}

api_error check_preconditions(const change_request& request, const draft& metadata, int64_t revision) {
  const auto uid = metadata.get("uid").str();
  if (!request.precondition_uid.empty() && request.precondition_uid != uid)
    return status::conflict(*request.kind, request.name,
                            fmt::format("Precondition failed: UID in precondition: {}, UID in object meta: {}",
                                        request.precondition_uid, uid));
  if (request.precondition_revision != 0 && request.precondition_revision != revision)
    return status::conflict(*request.kind, request.name,
                            fmt::format("Precondition failed: ResourceVersion in precondition: {}, ResourceVersion in object meta: {}",
                                        request.precondition_revision, revision));
  return {};
}

/// Marks the object as going; false when it was already, at least as soon.
bool mark_deleted(const registry::kind& kind, draft& object, int64_t grace, const change_request& request,
                  const environment& env) {
  draft& metadata = object["metadata"];
  const bool already = !metadata.get("deletionTimestamp").is_null();
  if (already && metadata.get("deletionGracePeriodSeconds").integer(0) <= grace)
    return false;
  metadata.set("deletionTimestamp", messages::codec::format_time(env.now_seconds + grace));
  metadata.set("deletionGracePeriodSeconds", grace);
  if (!already) {
    if (const int64_t generation = metadata.get("generation").integer(0); generation > 0)
      metadata.set("generation", generation + 1);
    if (kind.begin_deletion != nullptr)
      kind.begin_deletion({request.user, env.now_seconds}, object);
  }
  return true;
}

} // namespace

write_plan plan_delete(const change_request& request, const cache::object_ptr& current, const environment& env) {
  const registry::kind& kind = *request.kind;
  if (current == nullptr)
    return refuse(status::not_found(kind, request.name));
  if (auto error = admission::admit_delete(kind, request.name))
    return refuse(std::move(error));
  const draft old = current_draft(kind, *current);
  if (auto error = check_preconditions(request, old.get("metadata"), current->revision()))
    return refuse(std::move(error));

  draft next = old;
  set_propagation(next["metadata"], request.propagation_policy);
  const int64_t grace = kind.grace_seconds == nullptr ? 0 : kind.grace_seconds(next, request.grace_seconds);
  const bool held = !next.get("metadata").get("finalizers").empty() ||
                    (kind.holds_deletion != nullptr && kind.holds_deletion(next));
  const std::string key = store_key(kind, request.name_space, request.name);
  write_plan plan;
  if (!held && grace == 0) {
    plan.what = write_plan::action::erase;
    plan.key = key;
    plan.expected = current->revision();
    // A pod's deletion answers with the pod, as clients that watch it expect; others with a Status.
    plan.answer = kind.grace_seconds != nullptr
                    ? old
                    : status::deleted_status(kind, request.name, old.get("metadata").get("uid").str());
  } else {
    mark_deleted(kind, next, grace, request, env);
    if (registry::meta::semantically_equal(next, old)) {
      plan.what = write_plan::action::nothing;
      plan.key = key;
      plan.expected = current->revision();
      plan.answer = old;
    } else {
      plan = put_plan(kind, key, current->revision(), std::move(next), 200);
    }
  }
  plan.retry_on_conflict = request.precondition_revision == 0;
  return plan;
}

write_plan plan_binding(const change_request& request, const cache::object_ptr& current, const environment& env) {
  const registry::kind& kind = *request.kind;
  const draft& binding = request.object;
  registry::field_errors errors;
  registry::core::pod::validate_binding(binding, errors);
  if (!errors.empty())
    return refuse(status::invalid(kind, request.name, errors));
  if (current == nullptr)
    return refuse(status::not_found(kind, request.name));
  draft pod = current_draft(kind, *current);
  const auto wanted = binding.get("metadata").get("uid").str();
  const auto uid = pod.get("metadata").get("uid").str();
  std::optional<std::string> why;
  if (!wanted.empty() && wanted != uid)
    why = fmt::format("Precondition failed: UID in precondition: {}, UID in object meta: {}", wanted, uid);
  else
    why = registry::core::pod::apply_binding({request.user, env.now_seconds}, binding, pod);
  if (why) {
    api_error error = status::conflict(kind, request.name, *why);
    error.message = fmt::format("Operation cannot be fulfilled on pods/binding \"{}\": {}", request.name, *why);
    return refuse(std::move(error));
  }
  write_plan plan = put_plan(kind, store_key(kind, request.name_space, request.name), current->revision(), std::move(pod), 201);
  if (plan.what == write_plan::action::put)
    plan.answer = draft::make_object({{"kind", "Status"}, {"apiVersion", "v1"}, {"metadata", draft::make_object()},
                                      {"status", "Success"}, {"code", 201}});
  plan.retry_on_conflict = true;
  return plan;
}

} // namespace actors::apiserver::verbs
