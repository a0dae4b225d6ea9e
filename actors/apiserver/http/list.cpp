// LIST: whole or in pieces, from one snapshot; large answers are rendered while they are sent.
#include <fmt/format.h>

#include "actors/apiserver/http/call.hpp"
#include "actors/apiserver/http/limits.hpp"
#include "actors/apiserver/http/query_options.hpp"
#include "actors/apiserver/http/read.hpp"
#include "actors/apiserver/render/table.hpp"
#include "actors/apiserver/selectors/selector.hpp"

namespace actors::apiserver::http {

std::string object_key(const route& where) {
  std::string key{where.kind->key_prefix};
  if (where.kind->namespaced)
    key.append(where.name_space).append(1, '/');
  return key.append(where.name);
}

std::string collection_prefix(const route& where) {
  std::string prefix{where.kind->key_prefix};
  if (where.kind->namespaced && !where.name_space.empty())
    prefix.append(where.name_space).append(1, '/');
  return prefix;
}

void when_fresh(const call_ptr& item, std::optional<int64_t> revision, std::function<void()> then) {
  auto& shard = item->front->port->cache().shard_of(item->where.kind->key_prefix);
  if (revision ? shard.ready() && shard.read()->revision >= *revision
               : item->front->port->is_fresh(item->where.kind->key_prefix))
    return then();
  item->after_barrier([item, revision, &shard, then = std::move(then)] {
    const int64_t current = shard.read()->revision;
    if (!revision || current >= *revision)
      return then();
    auto error =
      status::timeout(fmt::format("Too large resource version: {}, current: {}", *revision, current));
    error.details = messages::codec::draft::make_object(
      {{"causes", messages::codec::draft::make_array({messages::codec::draft::make_object(
                    {{"reason", "ResourceVersionTooLarge"}, {"message", "Too large resource version"}})})},
       {"retryAfterSeconds", 1}});
    item->fail(error);
  });
}

namespace {

using render::include_object;

/// What a list consists of, and how each of its items is written.
struct list_content {
  const registry::kind* kind = nullptr;
  object_form form = object_form::object;
  include_object include = include_object::metadata;
  render::list_head head;
  std::vector<cache::object_ptr> objects;
  int64_t now_seconds = 0;
  size_t next = 0; // to be written

  void start(std::string& out) const {
    if (form == object_form::table) {
      render::append_table_start(*kind, head, true, out);
    } else {
      const bool metadata = form == object_form::metadata;
      out += fmt::format(R"({{"kind":"{}List","apiVersion":"{}","metadata":{},"items":[)",
                         metadata ? std::string_view{"PartialObjectMetadata"} : kind->name,
                         metadata ? std::string{"meta.k8s.io/v1"} : kind->api_version(),
                         render::list_metadata(head));
    }
  }
  /// False: all are written.
  bool write_next(std::string& out) {
    if (next == objects.size())
      return false;
    if (next > 0)
      out += ',';
    const auto& object = *objects[next];
    if (form == object_form::table)
      render::append_row(*kind, render::to_draft(*kind, object, object.revision()), include, now_seconds,
                         out);
    else if (form == object_form::metadata)
      render::append_metadata(*kind, object, object.revision(), out);
    else
      render::append_object(*kind, object, object.revision(), out);
    objects[next++].reset();
    return true;
  }
};

class list_source final : public body_source {
public:
  list_source(list_content content, std::string begun)
      : content_(std::move(content)), begun_(std::move(begun)) {}
  void attach(std::function<void()>) override {}
  step read(std::string& out) override {
    out = std::move(begun_);
    begun_.clear();
    while (out.size() < piece_bytes_max)
      if (!content_.write_next(out)) {
        out += "]}\n";
        return {next::end, 0};
      }
    return {next::more, 0};
  }

private:
  list_content content_;
  std::string begun_;
};

void answer(const call& item, list_content content) {
  std::string body;
  content.start(body);
  bool more = true;
  while (body.size() < listed_inline_bytes_max && (more = content.write_next(body))) {
  }
  if (!more) {
    body += "]}";
    return item.send(200, std::move(body));
  }
  response streamed;
  streamed.stream = std::make_unique<list_source>(std::move(content), std::move(body));
  item.reply->send(std::move(streamed));
}

struct list_request {
  list_options options;
  selectors::object_selector selector;
  include_object include = include_object::metadata;
  std::optional<continue_token> token;
};

/// The snapshot that the request means; null with `error`.
cache::snapshot_ptr choose_snapshot(const call& item, const list_request& wanted, status::api_error& error) {
  auto& shard = item.front->port->cache().shard_of(item.where.kind->key_prefix);
  auto current = shard.read();
  int64_t exact = 0;
  if (wanted.token && wanted.token->revision > 0)
    exact = wanted.token->revision;
  else if (wanted.options.match == version_match::exact)
    exact = wanted.options.resource_version.value_or(0);
  if (exact == 0 || exact == current->revision)
    return current;
  const auto prefix = item.where.kind->key_prefix;
  if (auto kept = item.front->snapshots.find(prefix, exact, item.front->clock->monotonic_us()))
    return kept;
  if (auto past = shard.as_of(prefix, exact)) // begun at another apiserver
    return past;
  if (!wanted.token) {
    error = status::expired("The resourceVersion for the provided list is too old.");
    return nullptr;
  }
  error = status::expired(
    "The provided continue parameter is too old to display a consistent list result. You can start a new "
    "list without the "
    "continue parameter, or use the continue token in this response to retrieve the remainder of the "
    "results. Continuing "
    "with the provided token results in an inconsistent list - objects that were created, modified, or "
    "deleted between the "
    "time the first chunk was returned and now may show up in the list.");
  return nullptr;
}

/// A 410 whose metadata lets the client go on with what is current.
void fail_expired(const call& item, const list_request& wanted, const status::api_error& error) {
  auto body = status::to_status(error);
  if (wanted.token)
    body["metadata"].set("continue", encode_token({-1, wanted.token->start}));
  response answer = render_error(error);
  answer.body = messages::codec::to_json(body) + "\n";
  item.reply->send(std::move(answer));
}

void list_from_cache(const call& item, const list_request& wanted) {
  const auto& kind = *item.where.kind;
  status::api_error error;
  const auto state = choose_snapshot(item, wanted, error);
  if (!state)
    return fail_expired(item, wanted, error);
  const std::string prefix = collection_prefix(item.where);
  std::string after;
  if (wanted.token)
    after = std::string{kind.key_prefix} + wanted.token->start;
  if (wanted.token && !after.starts_with(prefix))
    return item.fail(status::bad_request("continue key is not valid: it belongs to another list"));
  list_content content;
  content.kind = &kind;
  content.form = item.form;
  content.include = wanted.include;
  content.now_seconds = item.front->clock->wall_seconds();
  content.head.revision = state->revision;
  const auto limit = static_cast<size_t>(wanted.options.limit);
  std::string last;
  bool more = false;
  const auto take = [&](std::string_view key, const cache::object_ptr& object) {
    if (!wanted.selector.everything() && !wanted.selector.matches(object->what(), object->bytes()))
      return true;
    if (limit != 0 && content.objects.size() == limit) {
      more = true;
      return false;
    }
    content.objects.push_back(object);
    if (limit != 0)
      last = key;
    return true;
  };
  const bool one_namespace = !kind.namespaced || !item.where.name_space.empty();
  if (const auto name = wanted.selector.required_name(); !name.empty() && one_namespace) {
    const auto key = prefix + std::string{name};
    if (const auto* found = state->objects.find(key); found != nullptr && key > after)
      take(key, *found);
  } else {
    state->objects.visit(prefix, after, take);
  }
  if (more) {
    item.front->snapshots.keep(kind.key_prefix, state, item.front->clock->monotonic_us());
    content.head.continue_token = encode_token({state->revision, last.substr(kind.key_prefix.size())});
    if (wanted.selector.everything())
      content.head.remaining = static_cast<int64_t>(state->objects.count_from(prefix, last));
  }
  answer(item, std::move(content));
}

} // namespace

void serve_list(const call_ptr& item) {
  auto wanted = std::make_shared<list_request>();
  if (auto error = parse_list_options(item->target, false, wanted->options))
    return item->fail(error);
  auto parsed = selectors::object_selector::parse(*item->where.kind, wanted->options.label_selector,
                                                  wanted->options.field_selector);
  if (const auto* error = std::get_if<selectors::selector_error>(&parsed))
    return item->fail(status::bad_request(error->message));
  wanted->selector = std::move(std::get<selectors::object_selector>(parsed));
  const auto include = render::parse_include_object(item->target.get("includeObject"));
  if (!include)
    return item->fail(status::bad_request("unrecognized includeObject value: \"" +
                                          std::string{item->target.get("includeObject")} + "\""));
  wanted->include = *include;
  std::optional<int64_t> at_least = wanted->options.resource_version;
  if (!wanted->options.continue_token.empty()) {
    wanted->token = decode_token(wanted->options.continue_token);
    if (!wanted->token)
      return item->fail(
        status::bad_request("continue key is not valid: it is no token that this server gave"));
    at_least = std::max<int64_t>(0, wanted->token->revision);
  }
  when_fresh(item, at_least, [item, wanted] { list_from_cache(*item, *wanted); });
}

} // namespace actors::apiserver::http
