// Update and patch, of the object and of its status, scale and finalize subresources.
#include <charconv>
#include <fmt/format.h>

#include "actors/apiserver/admission/admission.hpp"
#include "actors/apiserver/registry/meta/object_meta.hpp"
#include "actors/apiserver/verbs/plan.hpp"
#include "messages/codec/codec.hpp"
#include "messages/codec/json_patch.hpp"
#include "messages/codec/merge_patch.hpp"
#include "messages/codec/strategic_merge.hpp"

namespace actors::apiserver::verbs {

namespace meta = registry::meta;
using registry::change_context;
using registry::field_errors;

namespace {

/// What the client says the revision is. nullopt: not said.
struct wanted_revision {
  std::optional<int64_t> value;
  api_error error;
};

wanted_revision revision_in(const draft& object) {
  const auto text = object.get("metadata").get("resourceVersion").str();
  if (text.empty() || text == "0")
    return {};
  int64_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc{} || end != text.data() + text.size() || value < 0)
    return {{}, status::bad_request(fmt::format("invalid resourceVersion \"{}\": it must be one that the server gave", text))};
  return {value, {}};
}

/// The functions for a subresource; the object's own for "".
struct update_rules {
  void (*prepare)(const change_context&, draft&, const draft&) = nullptr;
  void (*validate)(const draft&, const draft&, field_errors&) = nullptr;
};

update_rules rules_of(const registry::kind& kind, std::string_view subresource) {
  if (subresource == "status")
    return {kind.prepare_status_update, kind.validate_status_update};
  if (subresource == "finalize")
    return {kind.prepare_finalize, kind.validate_finalize};
  return {kind.prepare_update, kind.validate_update};
}

/// A deleted object that nothing holds any more goes with the update that released it.
bool is_released(const registry::kind& kind, const draft& object) {
  const draft& metadata = object.get("metadata");
  if (metadata.get("deletionTimestamp").is_null() || !metadata.get("finalizers").empty())
    return false;
  if (metadata.get("deletionGracePeriodSeconds").integer(0) > 0)
    return false;
  return kind.holds_deletion == nullptr || !kind.holds_deletion(object);
}

/// `next` replaces the object; both have the kind's form. `next` may lack what the server owns.
write_plan replace(const change_request& request, const cache::cached_object& current, draft next, const draft& old,
                   const environment& env, bool conditional) {
  const registry::kind& kind = *request.kind;
  const std::string name{old.get("metadata").get("name").str()};
  const auto own_uid = next.get("metadata").get("uid").str();
  const auto old_uid = old.get("metadata").get("uid").str();
  if (!own_uid.empty() && own_uid != old_uid)
    return refuse(status::conflict(kind, name, fmt::format("Precondition failed: UID in precondition: {}, UID in object meta: {}",
                                                           own_uid, old_uid)));
  next["metadata"].set("resourceVersion", std::to_string(current.revision()));
  meta::keep_system_fields(next, old);
  kind.apply_defaults(next);
  if (auto error = verbs::canonicalize(own_type(kind), next))
    return refuse(std::move(error));
  const update_rules rules = rules_of(kind, request.subresource);
  if (rules.prepare != nullptr)
    rules.prepare({request.user, env.now_seconds}, next, old);
  if (auto error = admission::admit_update(kind, request.subresource, next, old))
    return refuse(std::move(error));
  field_errors errors;
  const std::string key = store_key(kind, old.get("metadata").get("namespace").str(), name);
  if (request.subresource.empty())
    env.allocate(kind, key, next, old, errors);
  if (errors.empty() && rules.validate != nullptr)
    rules.validate(next, old, errors);
  if (!errors.empty())
    return refuse(status::invalid(kind, name, errors));
  write_plan plan;
  if (is_released(kind, next)) {
    plan.what = write_plan::action::erase;
    plan.key = key;
    plan.expected = current.revision();
    plan.answer = std::move(next);
  } else if (meta::semantically_equal(next, old)) {
    plan.what = write_plan::action::nothing;
    plan.key = key;
    plan.expected = current.revision();
    plan.answer = old;
  } else {
    plan = put_plan(kind, key, current.revision(), std::move(next), 200);
  }
  plan.retry_on_conflict = !conditional;
  return plan;
}

/// The scale subresource: `scale` says how many replicas.
write_plan update_scale(const change_request& request, const cache::cached_object& current, const draft& scale,
                        const draft& old, const environment& env, bool conditional) {
  draft next = old;
  field_errors errors;
  request.kind->apply_scale(scale, next, errors);
  if (!errors.empty())
    return refuse(status::invalid(*request.kind, request.name, errors));
  change_request plain = request;
  plain.subresource.clear();
  write_plan plan = replace(plain, current, std::move(next), old, env, conditional);
  if (plan.what != write_plan::action::refuse)
    plan.answer = request.kind->scale_of(plan.shown());
  return plan;
}

const messages::codec::type* body_type(const change_request& request) {
  const auto* sub = request.subresource.empty() ? nullptr : request.kind->find_subresource(request.subresource);
  const bool own = sub == nullptr || sub->body_version.empty();
  if (own)
    return &own_type(*request.kind);
  const std::string version =
    sub->body_group.empty() ? std::string{sub->body_version} : fmt::format("{}/{}", sub->body_group, sub->body_version);
  return messages::codec::api_schema().find(version, sub->body_kind);
}

/// A body that is no patch of its kind: upstream names the Go type that it decodes into.
api_error check_patch_shape(const change_request& request) {
  const bool list = request.patch_kind == PatchKind::json;
  if (list ? request.patch.is_array() : request.patch.is_object())
    return {};
  const std::string_view given = request.patch.is_object()   ? "object"
                                 : request.patch.is_array()  ? "array"
                                 : request.patch.is_string() ? "string"
                                 : request.patch.is_bool()   ? "bool"
                                                             : "number";
  const std::string message = fmt::format("json: cannot unmarshal {} into Go value of type {}", given,
                                          list ? "jsonpatch.Patch" : "map[string]interface {}");
  return status::bad_request(request.patch_kind == PatchKind::merge ? "error decoding patch: " + message : message);
}

api_error apply_patch(const change_request& request, const messages::codec::type& type, draft& target) {
  if (auto error = check_patch_shape(request))
    return error;
  std::optional<messages::codec::codec_error> error;
  switch (request.patch_kind) {
    case PatchKind::json:
      error = messages::codec::apply_json_patch(target, request.patch);
      break;
    case PatchKind::merge:
      messages::codec::apply_merge_patch(target, request.patch);
      break;
    case PatchKind::strategic_merge:
      error = messages::codec::apply_strategic_merge(type, target, request.patch);
      break;
    default:
      return status::bad_request("the request has no patch");
  }
  if (!error)
    return {};
  // A JSON patch that does not apply is well-formed but cannot be processed; upstream keeps the reason to itself.
  if (request.patch_kind == PatchKind::json)
    return {422, "Invalid", "the server rejected our request due to an error in our request", draft::make_object()};
  return status::bad_request(error->path.empty() ? error->message : error->path + ": " + error->message);
}

/// The patched object is not one of its kind (a number for a string, a quantity that is none).
api_error unfit(const draft& patched, const messages::codec::codec_error& error) {
  static const registry::kind nameless; // upstream's error names no object
  return status::invalid(nameless, "", {registry::invalid("patch", draft{messages::codec::to_json(patched)}, error.message)});
}

/// A patch makes no other kind of the object. What a strategic patch says of it is without effect; the others are refused.
template <class Patched>
api_error keep_type(const change_request& request, const messages::codec::type& type, Patched patched, draft& next) {
  const bool strategic = request.patch_kind == PatchKind::strategic_merge;
  bool same = true;
  for (const auto& [name, own] : {std::pair{"apiVersion", type.api_version()}, std::pair{"kind", type.kind()}}) {
    const auto given = next.get(name).str();
    same = same && (given.empty() || given == own);
    if (strategic || given.empty())
      next.set(name, own);
  }
  if (same || strategic)
    return {};
  const auto version = next.get("apiVersion").str();
  const auto kind = next.get("kind").str();
  const bool known = messages::codec::api_schema().find(version, kind) != nullptr;
  return unfit(patched(), {"", known ? fmt::format("unable to decode {}, Kind={} into {}", version, kind, type.kind())
                                   : fmt::format("no kind \"{}\" is registered for version \"{}\" in this server", kind, version)});
}

} // namespace

write_plan plan_update(const change_request& request, const cache::object_ptr& current, const environment& env) {
  const registry::kind& kind = *request.kind;
  draft next = request.object;
  const auto own_name = next.get("metadata").get("name").str();
  if (!own_name.empty() && own_name != request.name)
    return refuse(status::bad_request(fmt::format(
      "the name of the object ({}) does not match the name on the URL ({})", own_name, request.name)));
  const auto own_space = next.get("metadata").get("namespace").str();
  if (kind.namespaced && !own_space.empty() && own_space != request.name_space)
    return refuse(status::bad_request("the namespace of the provided object does not match the namespace sent on the request"));
  if (current == nullptr) {
    if (kind.allow_create_on_update && request.subresource.empty())
      return plan_create(request, current, env);
    return refuse(status::not_found(kind, request.name));
  }
  const wanted_revision wanted = revision_in(next);
  if (wanted.error)
    return refuse(wanted.error);
  if (wanted.value && *wanted.value != current->revision())
    return refuse(status::conflict(kind, request.name));
  if (!wanted.value && !kind.allow_unconditional_update && request.subresource.empty())
    return refuse(status::invalid(kind, request.name, {registry::field_error{
      registry::cause::invalid, "metadata.resourceVersion", "0", "must be specified for an update"}}));
  const draft old = current_draft(kind, *current);
  if (request.subresource == "scale")
    return update_scale(request, *current, next, old, env, wanted.value.has_value());
  next["metadata"].set("name", request.name);
  if (kind.namespaced)
    next["metadata"].set("namespace", request.name_space);
  return replace(request, *current, std::move(next), old, env, wanted.value.has_value());
}

write_plan plan_patch(const change_request& request, const cache::object_ptr& current, const environment& env) {
  const registry::kind& kind = *request.kind;
  if (current == nullptr)
    return refuse(status::not_found(kind, request.name));
  const draft old = current_draft(kind, *current);
  const bool scale = request.subresource == "scale";
  const messages::codec::type& type = *body_type(request);
  draft next = scale ? kind.scale_of(old) : old;
  if (auto error = apply_patch(request, type, next))
    return refuse(std::move(error));
  std::vector<std::string> strict; // upstream ignores unknown fields of a patch unless asked; the edge has warned
  const auto patched = [&] { // before the check, for who is refused
    draft again = scale ? kind.scale_of(old) : old;
    (void)apply_patch(request, type, again);
    return again;
  };
  if (auto error = messages::codec::check(type, next, strict))
    return refuse(unfit(patched(), *error));
  if (auto error = keep_type(request, type, patched, next))
    return refuse(std::move(error));
  const wanted_revision wanted = revision_in(next);
  if (wanted.error)
    return refuse(wanted.error);
  if (wanted.value && *wanted.value != current->revision() && !scale)
    return refuse(status::conflict(kind, request.name));
  const bool conditional = request.patch.get("metadata").contains("resourceVersion");
  if (scale)
    return update_scale(request, *current, next, old, env, conditional);
  if (next.get("metadata").get("name").str() != request.name)
    return refuse(status::bad_request(fmt::format("the name of the object ({}) does not match the name on the URL ({})",
                                                  next.get("metadata").get("name").str(), request.name)));
  return replace(request, *current, std::move(next), old, env, conditional);
}

} // namespace actors::apiserver::verbs
