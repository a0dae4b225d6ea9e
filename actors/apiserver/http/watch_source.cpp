// Events as upstream writes them: one JSON object per line.
#include "actors/apiserver/http/watch_source.hpp"

#include <fmt/format.h>
#include <algorithm>

#include "actors/apiserver/status/status.hpp"
#include "messages/codec/json.hpp"

namespace actors::apiserver::http {

using messages::codec::draft;

watch_source::watch_source(watch_settings settings)
    : settings_(std::move(settings)), position_(settings_.after) {
  if (settings_.initial)
    position_ = settings_.initial->revision;
  if (settings_.form != object_form::table) // whose first piece has the columns, and each of them ages
    asked_for_ = fmt::format("{} {} {} {}", static_cast<int>(settings_.form), settings_.kind->api_version(), settings_.prefix,
                             settings_.selector_text);
  bookmark_due_us_ = settings_.clock->monotonic_us() + settings_.random->jitter(bookmark_us, 0.2);
}

void watch_source::attach(std::function<void()> wake) { registration_ = settings_.hub->add(std::move(wake)); }

body_source::step watch_source::read(std::string& out) {
  if (settings_.initial) {
    if (!write_initial(out))
      return {next::more, 0};
    settings_.initial.reset();
    if (settings_.announce_initial_end)
      write_bookmark(true, out);
  }
  const bool shared = !asked_for_.empty() && out.empty();
  if (shared)
    if (const auto* same = settings_.hub->written(asked_for_, position_)) {
      out = same->events;
      position_ = same->upto;
    }
  const auto page = settings_.window->read(position_, changes_per_read_max);
  if (page.expired) {
    write_expired(out);
    return {next::end, 0};
  }
  if (!page.changes.empty()) {
    const int64_t after = position_;
    const size_t start = out.size();
    if (!write_changes(page, out))
      return {next::more, 0};
    if (shared && start == 0)
      settings_.hub->remember(asked_for_, after, page.upto, out);
  }
  position_ = page.upto;
  if (page.changes.size() == changes_per_read_max)
    return {next::more, 0};
  const int64_t now = settings_.clock->monotonic_us();
  if (now >= settings_.ends_at_us) {
    if (settings_.bookmarks)
      write_bookmark(false, out);
    return {next::end, 0};
  }
  if (settings_.bookmarks && now >= bookmark_due_us_) {
    write_bookmark(false, out);
    bookmark_due_us_ = now + settings_.random->jitter(bookmark_us, 0.2);
  }
  return {next::wait,
          settings_.bookmarks ? std::min(bookmark_due_us_, settings_.ends_at_us) : settings_.ends_at_us};
}

bool watch_source::selects(const cache::object_ptr& object) const {
  return object &&
         (settings_.selector.everything() || settings_.selector.matches(object->what(), object->bytes()));
}

bool watch_source::write_changes(const cache::change_window::page& page, std::string& out) {
  for (const auto& item : page.changes) {
    write_change(item, out);
    position_ = item.revision;
    if (out.size() >= piece_bytes_max)
      return false;
  }
  return true;
}

/// True: all of the present state is written.
bool watch_source::write_initial(std::string& out) {
  bool complete = true;
  settings_.initial->objects.visit(settings_.prefix, initial_after_,
                                   [&](std::string_view key, const cache::object_ptr& object) {
                                     if (out.size() >= piece_bytes_max) {
                                       complete = false;
                                       return false;
                                     }
                                     initial_after_ = key;
                                     if (selects(object))
                                       write_event("ADDED", *object, object->revision(), out);
                                     return true;
                                   });
  return complete;
}

/// What the change is to this watcher follows from whether its selector took the object before and takes it
/// now.
void watch_source::write_change(const cache::change& item, std::string& out) {
  if (!std::string_view{item.key}.starts_with(settings_.prefix))
    return;
  const bool before = selects(item.before);
  const bool after = selects(item.after);
  if (after)
    write_event(before ? "MODIFIED" : "ADDED", *item.after, item.revision, out);
  else if (before)
    write_event("DELETED", *item.before, item.revision, out);
}

void watch_source::write_event(std::string_view type, const cache::cached_object& object, int64_t revision,
                               std::string& out) {
  const auto& kind = *settings_.kind;
  out.append(R"({"type":")").append(type).append(R"(","object":)");
  if (settings_.form == object_form::table) {
    render::append_table_start(kind, {revision, "", -1}, !columns_sent_, out);
    columns_sent_ = true;
    render::append_row(kind, render::to_draft(kind, object, revision), settings_.include,
                       settings_.clock->wall_seconds(), out);
    render::append_table_end(out);
  } else if (settings_.form == object_form::metadata) {
    render::append_metadata(kind, object, revision, out);
  } else {
    render::append_object(kind, object, revision, out);
  }
  out += "}\n";
}

void watch_source::write_bookmark(bool initial_end, std::string& out) {
  const auto& kind = *settings_.kind;
  out += R"({"type":"BOOKMARK","object":)";
  draft metadata = draft::make_object({{"resourceVersion", std::to_string(position_)}});
  if (initial_end)
    metadata.set("annotations", draft::make_object({{"k8s.io/initial-events-end", "true"}}));
  const bool whole = settings_.form == object_form::object;
  draft object = draft::make_object({{"kind", whole ? kind.name : std::string_view{"PartialObjectMetadata"}},
                                     {"apiVersion", whole ? kind.api_version() : "meta.k8s.io/v1"},
                                     {"metadata", std::move(metadata)}});
  if (settings_.form == object_form::table) {
    render::append_table_start(kind, {position_, "", -1}, !columns_sent_, out);
    columns_sent_ = true;
    std::vector<draft> empty(kind.columns.size());
    out += R"({"cells":)";
    messages::codec::encode_json(draft::make_array(std::move(empty)), out);
    out += R"(,"object":)";
    messages::codec::encode_json(object, out);
    out += "}";
    render::append_table_end(out);
  } else {
    messages::codec::encode_json(object, out);
  }
  out += "}\n";
}

void watch_source::write_expired(std::string& out) {
  const auto error =
    status::expired(fmt::format("too old resource version: {} ({})", position_, settings_.window->oldest()));
  out += R"({"type":"ERROR","object":)";
  messages::codec::encode_json(status::to_status(error), out);
  out += "}\n";
}

} // namespace actors::apiserver::http
