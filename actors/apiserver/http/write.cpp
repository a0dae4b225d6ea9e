// create, update, patch, delete, deletecollection: decode, hand over to the actor's write chain, render its
// answer.
#include <fmt/format.h>

#include "actors/apiserver/http/body.hpp"
#include "actors/apiserver/http/call.hpp"
#include "actors/apiserver/http/query_options.hpp"
#include "actors/apiserver/render/table.hpp"

namespace actors::apiserver::http {

namespace protocol = runtime::protocols::apiserver;
using messages::codec::draft;
using runtime::transport::attachment;

namespace {

/// The type of the body that the resource or subresource takes.
const messages::codec::type* body_type(const route& where) {
  const auto& kind = *where.kind;
  if (where.subresource.empty())
    return messages::codec::api_schema().find(kind.api_version(), kind.name);
  const auto* sub = kind.find_subresource(where.subresource);
  if (sub->body_version.empty())
    return messages::codec::api_schema().find(kind.api_version(), sub->body_kind);
  const std::string version = sub->body_group.empty()
                                ? std::string{sub->body_version}
                                : fmt::format("{}/{}", sub->body_group, sub->body_version);
  return messages::codec::api_schema().find(version, sub->body_kind);
}

constexpr size_t agent_bytes_max = 128; // what of a client's name for itself is remembered

struct prepared_write {
  protocol::WriteRequestT content;
  std::vector<attachment> attachments;
  std::vector<std::string> warnings;
};

void fill_common(const call& item, protocol::WriteRequestT& content) {
  content.identity = std::make_unique<protocol::IdentityT>();
  content.identity->user = item.user.name;
  content.identity->uid = item.user.uid;
  content.identity->groups = item.user.groups;
  content.identity->agent = item.what.find("User-Agent").substr(0, agent_bytes_max);
  content.identity->origin = item.what.remote;
  content.target = std::make_unique<protocol::TargetT>();
  content.target->group = item.where.group;
  content.target->version = item.where.version;
  content.target->resource = item.where.resource;
  content.target->subresource = item.where.subresource;
  content.target->namespace_name = item.where.kind->namespaced ? item.where.name_space : std::string{};
  content.target->name = item.where.name;
  content.options = std::make_unique<protocol::WriteOptionsT>();
}

status::api_error prepare_body(const call& item, protocol::Verb verb, std::string_view options_name,
                               prepared_write& into) {
  write_options options;
  if (auto error = parse_write_options(item.target, options_name, options))
    return error;
  const auto* type = body_type(item.where);
  if (type == nullptr)
    return status::internal("the type of the body is unknown");
  auto body = decode_body(*type, item.what.find("Content-Type"), item.what.body, options.validation);
  if (body.error)
    return body.error;
  auto packed = messages::codec::pack(*type, body.value);
  if (packed.error)
    return status::bad_request(
      packed.error->path.empty() ? packed.error->message : packed.error->path + ": " + packed.error->message);
  into.content.verb = verb;
  into.content.object = 0;
  into.content.options->dry_run = options.dry_run;
  into.content.options->field_manager = options.field_manager;
  into.attachments.push_back({type, std::move(packed.object)});
  into.warnings = std::move(body.warnings);
  return {};
}

protocol::PatchKind patch_kind_of(std::string_view content_type) {
  const auto type = parse_media_type(content_type).type;
  if (type == "application/json-patch+json")
    return protocol::PatchKind::json;
  if (type == "application/merge-patch+json")
    return protocol::PatchKind::merge;
  if (type == "application/strategic-merge-patch+json")
    return protocol::PatchKind::strategic_merge;
  return protocol::PatchKind::none;
}

status::api_error prepare_patch(const call& item, prepared_write& into) {
  write_options options;
  if (auto error = parse_write_options(item.target, "PatchOptions", options))
    return error;
  const auto content_type = item.what.find("Content-Type");
  into.content.patch_kind = patch_kind_of(content_type);
  if (into.content.patch_kind == protocol::PatchKind::none)
    return status::unsupported_media_type(
      "application/json-patch+json, application/merge-patch+json, application/strategic-merge-patch+json");
  const auto* type = body_type(item.where);
  if (type != nullptr && into.content.patch_kind != protocol::PatchKind::json) {
    auto checked = check_patch_fields(*type, item.what.body, options.validation);
    if (checked.error)
      return checked.error;
    into.warnings = std::move(checked.warnings);
  }
  into.content.verb = protocol::Verb::patch;
  into.content.patch = item.what.body;
  into.content.options->dry_run = options.dry_run;
  into.content.options->field_manager = options.field_manager;
  return {};
}

status::api_error prepare_delete(const call& item, prepared_write& into) {
  auto body = decode_options("DeleteOptions", item.what.find("Content-Type"), item.what.body);
  if (body.error)
    return body.error;
  delete_options options;
  if (auto error = parse_delete_options(item.target, body.value, options))
    return error;
  const bool one = item.where.verb == "delete";
  into.content.verb = one ? protocol::Verb::delete_one : protocol::Verb::delete_collection;
  auto& sent = *into.content.options;
  sent.dry_run = options.dry_run;
  if (options.grace_period_seconds)
    sent.grace_period_seconds = *options.grace_period_seconds;
  sent.propagation_policy = options.propagation_policy;
  sent.precondition_uid = options.precondition_uid;
  sent.precondition_revision = options.precondition_revision;
  if (!one) {
    into.content.label_selector = item.target.get("labelSelector");
    into.content.field_selector = item.target.get("fieldSelector");
  }
  return {};
}

status::api_error prepare(const call& item, prepared_write& into) {
  fill_common(item, into.content);
  const auto& verb = item.where.verb;
  if (verb == "create")
    return prepare_body(item, protocol::Verb::create, "CreateOptions", into);
  if (verb == "update")
    return prepare_body(item, protocol::Verb::update, "UpdateOptions", into);
  if (verb == "patch")
    return prepare_patch(item, into);
  return prepare_delete(item, into);
}

// ---- the answer
// ----------------------------------------------------------------------------------------------

std::string render_object(const call& item, const attachment& object, int64_t revision) {
  std::string body;
  const bool of_kind = object.type->kind() == item.where.kind->name;
  if (item.form == object_form::object || !of_kind) {
    messages::codec::encode_json(*object.type, object.object, revision, body);
    return body;
  }
  draft value = messages::codec::unpack(*object.type, object.object);
  if (revision != 0)
    value["metadata"].set("resourceVersion", std::to_string(revision));
  if (item.form == object_form::metadata) {
    messages::codec::encode_json(render::to_metadata(value), body);
    return body;
  }
  const auto include = render::parse_include_object(item.target.get("includeObject"));
  render::append_table_start(*item.where.kind, {revision, "", -1}, true, body);
  render::append_row(*item.where.kind, value, include.value_or(render::include_object::metadata),
                     item.front->clock->wall_seconds(), body);
  render::append_table_end(body);
  return body;
}

void answer(const call& item, const protocol::write_reply& reply, const std::vector<std::string>& warnings) {
  const attachment& object = reply.valid() ? reply.at(reply->object()) : attachment{};
  if (!object)
    return item.fail(status::internal("the write chain gave no answer"));
  response result;
  result.code = reply->code();
  if (result.code >= 400) {
    const draft status = messages::codec::unpack(*object.type, object.object);
    result.body = messages::codec::to_json(status);
    if (const auto seconds = status.at({"details", "retryAfterSeconds"}).integer(); seconds > 0)
      result.headers.push_back({"Retry-After", std::to_string(seconds)});
  } else {
    result.body = render_object(item, object, reply->revision());
    for (const auto& warning : warnings)
      result.headers.push_back({"Warning", warning_header(warning)});
  }
  if (const auto pretty = item.target.get("pretty"); !pretty.empty() && pretty != "false" && pretty != "0")
    result.body = indent_json(result.body);
  result.body += '\n';
  item.reply->send(std::move(result));
}

} // namespace

namespace {

/// `pass`: of a large one; it is through when it is answered.
void serve_now(const call_ptr& item, turnstile::pass pass) {
  prepared_write ready;
  if (auto error = prepare(*item, ready))
    return item->fail(error);
  item->what.body = {}; // it may be large, and the write may wait
  item->what.body_share = {};
  item->front->port->write(protocol::write_request{ready.content, std::move(ready.attachments)},
                           [item, pass = std::move(pass), warnings = std::move(ready.warnings)](const protocol::write_reply& reply) {
                             item->reply->post([item, pass, reply, warnings] { answer(*item, reply, warnings); });
                           });
}

} // namespace

void serve_write(const call_ptr& item) {
  if (item->what.body.size() <= small_body_bytes)
    return serve_now(item, nullptr);
  item->front->large_writes->enter(item->what.body.size(), [item](turnstile::pass pass) {
    item->reply->post([item, pass = std::move(pass)] {
      try {
        serve_now(item, pass);
      } catch (const std::exception& error) { // as the connection does for what it calls itself
        item->front->log.error("a request failed", {{"error", error.what()}});
        item->fail(status::internal(error.what()));
      }
    });
  });
}

} // namespace actors::apiserver::http
