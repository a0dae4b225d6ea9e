// What the verbs share, and create.
#include "actors/apiserver/verbs/plan.hpp"

#include <fmt/format.h>
#include <functional>

#include "actors/apiserver/admission/admission.hpp"
#include "actors/apiserver/registry/meta/object_meta.hpp"
#include "messages/codec/codec.hpp"

namespace actors::apiserver::verbs {

namespace meta = registry::meta;
using registry::change_context;
using registry::field_errors;

std::string store_key(const registry::kind& kind, std::string_view name_space, std::string_view name) {
  std::string key{kind.key_prefix};
  if (kind.namespaced)
    key.append(name_space).append(1, '/');
  return key.append(name);
}

namespace {

const messages::codec::type* find_stored_type(const registry::kind& kind) {
  const std::string version = kind.stored_version.empty() ? kind.api_version()
                              : kind.stored_group.empty() ? std::string{kind.stored_version}
                                                          : fmt::format("{}/{}", kind.stored_group, kind.stored_version);
  return messages::codec::api_schema().find(version, kind.name);
}

/// Looked up once for each kind that is served, since each write asks for them.
struct kind_types {
  const messages::codec::type* own = nullptr;
  const messages::codec::type* stored = nullptr;
};

kind_types types_of(const registry::kind& kind) {
  const auto look_up = [](const registry::kind& each) {
    return kind_types{messages::codec::api_schema().find(each.api_version(), each.name), find_stored_type(each)};
  };
  static const auto known = [&] {
    std::vector<kind_types> result;
    for (const auto& each : registry::kinds())
      result.push_back(look_up(each));
    return result;
  }();
  const auto& served = registry::kinds();
  const bool is_served = std::less_equal<>{}(served.data(), &kind) && std::less<>{}(&kind, served.data() + served.size());
  return is_served ? known[static_cast<size_t>(&kind - served.data())] : look_up(kind);
}

} // namespace

const messages::codec::type& own_type(const registry::kind& kind) {
  return *types_of(kind).own;
}

const messages::codec::type& stored_type(const registry::kind& kind) {
  return *types_of(kind).stored;
}

draft current_draft(const registry::kind& kind, const cache::cached_object& object) {
  draft result = messages::codec::unpack(object.what(), object.bytes());
  result["metadata"].set("resourceVersion", std::to_string(object.revision()));
  if (kind.from_stored != nullptr)
    kind.from_stored(result);
  return result;
}

write_plan refuse(api_error error) {
  write_plan plan;
  plan.error = std::move(error);
  return plan;
}

api_error canonicalize(const messages::codec::type& type, draft& object) {
  const auto error = messages::codec::canonicalize(type, object);
  if (!error)
    return {};
  return status::bad_request(error->path.empty() ? error->message : error->path + ": " + error->message);
}

write_plan put_plan(const registry::kind& kind, std::string key, int64_t expected, draft next, int code) {
  write_plan plan;
  plan.what = write_plan::action::put;
  plan.key = std::move(key);
  plan.expected = expected;
  plan.code = code;
  if (kind.to_stored != nullptr) {
    plan.answer = next;
    kind.to_stored(next);
  }
  next["metadata"].erase("resourceVersion");
  auto packed = messages::codec::pack(stored_type(kind), next);
  if (packed.error)
    return refuse(status::bad_request(packed.error->path + ": " + packed.error->message));
  plan.packed = std::move(packed.object);
  plan.stored = std::move(next);
  return plan;
}

write_plan plan_create(const change_request& request, const cache::object_ptr& current, const environment& env) {
  const registry::kind& kind = *request.kind;
  draft object = request.object;
  draft& metadata = object["metadata"];
  if (metadata.is_null())
    metadata = draft::make_object();
  if (!metadata.get("resourceVersion").str().empty())
    return refuse(status::bad_request("resourceVersion should not be set on objects to be created"));
  metadata.erase("resourceVersion");
  if (kind.namespaced) {
    const auto own = metadata.get("namespace").str();
    if (own.empty())
      metadata.set("namespace", request.name_space);
    else if (own != request.name_space)
      return refuse(status::bad_request("the namespace of the provided object does not match the namespace sent on the request"));
  } else {
    metadata.erase("namespace");
  }
  meta::generate_name(object, env.name_suffix());
  const std::string name{object.get("metadata").get("name").str()};
  meta::fill_system_fields(object, env.new_uid(), env.now_seconds);
  kind.apply_defaults(object);
  if (auto error = verbs::canonicalize(own_type(kind), object))
    return refuse(std::move(error));
  const change_context context{request.user, env.now_seconds};
  if (kind.prepare_create != nullptr)
    kind.prepare_create(context, object);
  if (auto error = admission::admit_create(kind, request.name_space, object, env.find_namespace))
    return refuse(std::move(error));
  field_errors errors;
  std::string key = store_key(kind, request.name_space, name);
  if (current == nullptr)
    env.allocate(kind, key, object, {}, errors);
  if (errors.empty())
    kind.validate(object, errors);
  if (!errors.empty())
    return refuse(status::invalid(kind, name, errors));
  if (current != nullptr)
    return refuse(status::already_exists(kind, name));
  return put_plan(kind, std::move(key), 0, std::move(object), 201);
}

write_plan plan_write(const change_request& request, const cache::object_ptr& current, const environment& env) {
  switch (request.verb) {
    case Verb::create:
      if (request.subresource == "binding")
        return plan_binding(request, current, env);
      return plan_create(request, current, env);
    case Verb::update:
      return plan_update(request, current, env);
    case Verb::patch:
      return plan_patch(request, current, env);
    case Verb::delete_one:
      return plan_delete(request, current, env);
    default:
      return refuse(status::method_not_allowed());
  }
}

} // namespace actors::apiserver::verbs
