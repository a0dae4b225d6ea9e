// GET of one object or of its scale.
#include "actors/apiserver/http/call.hpp"
#include "actors/apiserver/http/query_options.hpp"
#include "actors/apiserver/http/read.hpp"
#include "actors/apiserver/render/table.hpp"
#include "messages/codec/json.hpp"

namespace actors::apiserver::http {

namespace {

status::api_error answer_object(const call& item, const cache::object_ptr& found) {
  const auto& kind = *item.where.kind;
  std::string body;
  if (item.where.subresource == "scale") {
    const auto object = render::to_draft(kind, *found, found->revision());
    auto scale = kind.scale_of(object);
    scale["metadata"].set("resourceVersion", std::to_string(found->revision()));
    messages::codec::encode_json(scale, body);
  } else if (item.form == object_form::table) {
    const auto what = render::parse_include_object(item.target.get("includeObject"));
    if (!what)
      return status::bad_request("unrecognized includeObject value: \"" +
                                 std::string{item.target.get("includeObject")} + "\"");
    render::append_table_start(kind, {found->revision(), "", -1}, true, body);
    render::append_row(kind, render::to_draft(kind, *found, found->revision()), *what,
                       item.front->clock->wall_seconds(), body);
    render::append_table_end(body);
  } else if (item.form == object_form::metadata) {
    render::append_metadata(kind, *found, found->revision(), body);
  } else {
    render::append_object(kind, *found, found->revision(), body);
  }
  item.send(200, std::move(body));
  return {};
}

void answer_from_cache(const call& item) {
  const auto& kind = *item.where.kind;
  const auto state = item.front->port->cache().shard_of(kind.key_prefix).read();
  const auto* found = state->objects.find(object_key(item.where));
  if (found == nullptr)
    return item.fail(status::not_found(kind, item.where.name));
  if (auto error = answer_object(item, *found))
    item.fail(error);
}

} // namespace

void serve_get(const call_ptr& item) {
  std::optional<int64_t> revision;
  if (const auto text = item->target.get("resourceVersion"); !text.empty()) {
    revision = parse_integer(text);
    if (!revision || *revision < 0)
      return item->fail(status::bad_request("invalid resourceVersion \"" + std::string{text} + "\""));
  }
  when_fresh(item, revision, [item] { answer_from_cache(*item); });
}

} // namespace actors::apiserver::http
