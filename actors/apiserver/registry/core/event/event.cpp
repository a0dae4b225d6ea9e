// Event, v1.
#include "actors/apiserver/registry/core/event/event.hpp"

#include <algorithm>

#include "actors/apiserver/registry/fields.hpp"
#include "actors/apiserver/registry/meta/names.hpp"
#include "actors/apiserver/registry/meta/object_meta.hpp"
#include "actors/apiserver/registry/meta/strategy.hpp"
#include "actors/apiserver/registry/table/columns.hpp"
#include "actors/apiserver/registry/verbs.hpp"

namespace actors::apiserver::registry::core::event {

namespace {

constexpr size_t instance_length_max = 128;
constexpr size_t action_length_max = 128;
constexpr size_t reason_length_max = 128;
constexpr size_t note_length_max = 1024;

void validate_length(const draft& event, std::string_view key, std::string_view shown, size_t length_max,
                     field_errors& out) {
  if (event.get(key).str().size() > length_max)
    out.push_back(
      invalid(std::string(shown), "", "can have at most " + std::to_string(length_max) + " characters"));
}

void require_text(const draft& event, std::string_view key, std::string_view shown, size_t length_max,
                  field_errors& out) {
  if (!has_text(event, key))
    out.push_back(required(std::string(shown)));
  validate_length(event, key, shown, length_max, out);
}

// Events with an eventTime come from the newer recorder, which says who acted and how.
void validate_new_style(const draft& event, field_errors& out) {
  auto controller = event.get("reportingComponent").str();
  if (controller.empty())
    out.push_back(required("reportingController"));
  meta::add(out, path("reportingController"), controller, meta::check_label_key(controller));
  require_text(event, "reportingInstance", "reportingInstance", instance_length_max, out);
  require_text(event, "action", "action", action_length_max, out);
  require_text(event, "reason", "reason", reason_length_max, out);
  validate_length(event, "message", "message", note_length_max, out);
}

// Names of events were never held to more than fitting into a URL.
void validate(const draft& event, field_errors& out) {
  validate_stored(event, out);
  meta::validate_object_meta(event, true, meta::name_is_path_segment, out);
}

void validate_update(const draft& next, const draft& old, field_errors& out) {
  validate_stored(next, out);
  meta::validate_object_meta_update(next, old, out);
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

std::string trimmed(std::string_view text) {
  constexpr std::string_view space = " \t\r\n";
  auto first = text.find_first_not_of(space);
  if (first == text.npos)
    return {};
  return std::string(text.substr(first, text.find_last_not_of(space) - first + 1));
}

std::string source_of(const draft& event) {
  auto& source = event.get("source");
  auto either = [](std::string_view first, std::string_view second) {
    return first.empty() ? second : first;
  };
  std::string out(either(source.get("component").str(), event.get("reportingComponent").str()));
  auto instance = either(source.get("host").str(), event.get("reportingInstance").str());
  return instance.empty() ? out : out + ", " + std::string(instance);
}

std::string object_of(const draft& event) {
  auto& object = event.get("involvedObject");
  auto out = lower(object.get("kind").str());
  if (has_text(object, "name"))
    out += "/" + std::string(object.get("name").str());
  return out;
}

} // namespace

void validate_stored(const draft& event, field_errors& out) {
  auto space = event.get("metadata").get("namespace").str();
  auto object_space = event.get("involvedObject").get("namespace").str();
  constexpr std::string_view field = "involvedObject.namespace";
  constexpr std::string_view words = "does not match event.namespace";
  bool new_style = has_text(event, "eventTime");
  bool matches = new_style ? !object_space.empty() || space == "default" || space == "kube-system"
                 : object_space.empty() ? space.empty() || space == "default"
                                        : space == object_space;
  if (!matches)
    out.push_back(invalid(std::string(field), object_space, std::string(words)));
  if (new_style)
    validate_new_style(event, out);
  meta::add(out, path("namespace"), space, meta::check_dns1123_subdomain(space));
}

std::vector<table_column> columns() {
  return {table::text_column("Last Seen", "When it happened last."),
          table::text_column("Type", "Normal or Warning."),
          table::text_column("Reason", "Why, in one word."),
          table::text_column("Object", "What the event is about."),
          table::text_column("Subobject", "Which part of the object.", 1),
          table::text_column("Source", "Who reported it.", 1),
          table::text_column("Message", "What happened."),
          table::text_column("First Seen", "When it happened first.", 1),
          table::text_column("Count", "How often it happened.", 1),
          {"Name", "string", "name", "Name of the object.", 1}};
}

void cells(const draft& event, int64_t now_seconds, std::vector<draft>& out) {
  auto& series = event.get("series");
  auto first = table::since(
    has_text(event, "firstTimestamp") ? event.get("firstTimestamp") : event.get("eventTime"), now_seconds);
  auto last =
    has_text(event, "lastTimestamp") ? table::since(event.get("lastTimestamp"), now_seconds) : first;
  auto count = event.get("count").integer();
  if (!series.is_null()) {
    last = table::since(series.get("lastObservedTime"), now_seconds);
    count = series.get("count").integer();
  } else if (count == 0) {
    count = 1; // the newer API does not count events that happened once
  }
  out.push_back(last);
  out.push_back(event.get("type").str());
  out.push_back(event.get("reason").str());
  out.push_back(object_of(event));
  out.push_back(event.get("involvedObject").get("fieldPath").str());
  out.push_back(source_of(event));
  out.push_back(trimmed(event.get("message").str()));
  out.push_back(first);
  out.push_back(count);
  out.push_back(table::name_of(event));
}

kind describe() {
  kind k{.group = "", .version = "v1", .name = "Event", .plural = "events", .singular = "event"};
  k.short_names = {"ev"};
  k.shard = "events";
  k.key_prefix = "/events/";
  k.verbs = all_verbs;
  k.allow_create_on_update = true;
  k.selectable_fields = {{"involvedObject.kind", {"involvedObject", "kind"}},
                         {"involvedObject.namespace", {"involvedObject", "namespace"}},
                         {"involvedObject.name", {"involvedObject", "name"}},
                         {"involvedObject.uid", {"involvedObject", "uid"}},
                         {"involvedObject.apiVersion", {"involvedObject", "apiVersion"}},
                         {"involvedObject.resourceVersion", {"involvedObject", "resourceVersion"}},
                         {"involvedObject.fieldPath", {"involvedObject", "fieldPath"}},
                         {"reason", {"reason"}},
                         {"reportingComponent", {"reportingComponent"}},
                         {"source", {"source", "component"}},
                         {"type", {"type"}}};
  k.apply_defaults = meta::default_nothing;
  k.prepare_create = meta::prepare_nothing_on_create;
  k.prepare_update = meta::prepare_nothing_on_update;
  k.validate = validate;
  k.validate_update = validate_update;
  k.columns = columns();
  k.cells = cells;
  return k;
}

} // namespace actors::apiserver::registry::core::event
