// WATCH: a position in the window of changes of one resource, turned into events while the client reads them.
#include <fmt/format.h>

#include "actors/apiserver/http/call.hpp"
#include "actors/apiserver/http/query_options.hpp"
#include "actors/apiserver/http/read.hpp"
#include "actors/apiserver/http/watch_source.hpp"

namespace actors::apiserver::http {

namespace {

int64_t end_of_watch_us(const call& item, const list_options& options) {
  const int64_t seconds =
    options.timeout_seconds.value_or(0) > 0
      ? std::min<int64_t>(*options.timeout_seconds, watch_source::timeout_seconds_max)
      : watch_source::timeout_seconds_min +
          static_cast<int64_t>(item.front->random->below(watch_source::timeout_seconds_min));
  return item.front->clock->monotonic_us() + seconds * 1'000'000;
}

void begin(const call_ptr& item, watch_settings settings) {
  const auto home = item->reply->loop().lock();
  if (!home)
    return;
  auto& shard = item->front->port->cache().shard_of(settings.kind->key_prefix);
  settings.hub = item->front->hubs.find(home, shard, settings.kind->key_prefix);
  settings.window = &shard.window(settings.kind->key_prefix);
  settings.clock = item->front->clock;
  settings.random = item->front->random;
  settings.port = item->front->port;
  if (settings.after < 0)
    settings.initial = shard.read();
  response answer;
  answer.content_type = "application/json";
  answer.stream = std::make_unique<watch_source>(std::move(settings));
  item->reply->send(std::move(answer));
}

} // namespace

void serve_watch(const call_ptr& item) {
  list_options options;
  if (auto error = parse_list_options(item->target, true, options))
    return item->fail(error);
  auto parsed =
    selectors::object_selector::parse(*item->where.kind, options.label_selector, options.field_selector);
  if (const auto* error = std::get_if<selectors::selector_error>(&parsed))
    return item->fail(status::bad_request(error->message));
  const auto include = render::parse_include_object(item->target.get("includeObject"));
  if (!include)
    return item->fail(status::bad_request("unrecognized includeObject value: \"" +
                                          std::string{item->target.get("includeObject")} + "\""));
  watch_settings settings;
  settings.kind = item->where.kind;
  settings.prefix = collection_prefix(item->where);
  settings.selector = std::move(std::get<selectors::object_selector>(parsed));
  settings.selector_text = fmt::format("{}\n{}", options.label_selector, options.field_selector);
  settings.form = item->form;
  settings.include = *include;
  settings.bookmarks = options.bookmarks;
  settings.ends_at_us = end_of_watch_us(*item, options);
  settings.announce_initial_end = options.send_initial_events && options.bookmarks;
  const auto revision = options.resource_version;
  const bool from_state = options.send_initial_events || revision.value_or(0) == 0;
  if (!from_state) {
    settings.after = *revision;
    return begin(item, std::move(settings));
  }
  when_fresh(item, revision,
             [item, settings = std::move(settings)]() mutable { begin(item, std::move(settings)); });
}

} // namespace actors::apiserver::http
