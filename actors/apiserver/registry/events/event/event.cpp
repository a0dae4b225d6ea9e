// Event, events.k8s.io/v1.
#include "actors/apiserver/registry/events/event/event.hpp"

#include <array>

#include "actors/apiserver/registry/core/event/event.hpp"
#include "actors/apiserver/registry/fields.hpp"
#include "actors/apiserver/registry/meta/object_meta.hpp"
#include "actors/apiserver/registry/meta/strategy.hpp"
#include "actors/apiserver/registry/verbs.hpp"

namespace actors::apiserver::registry::events::event {

namespace {

struct renamed {
  std::string_view here, stored;
};

// The two forms differ only in these names.
constexpr std::array<renamed, 7> renamings = {{{"note", "message"},
                                               {"regarding", "involvedObject"},
                                               {"reportingController", "reportingComponent"},
                                               {"deprecatedSource", "source"},
                                               {"deprecatedFirstTimestamp", "firstTimestamp"},
                                               {"deprecatedLastTimestamp", "lastTimestamp"},
                                               {"deprecatedCount", "count"}}};

void rename(draft& event, std::string_view from, std::string_view to) {
  auto* found = event.find(from);
  if (!found)
    return;
  auto value = std::move(*found);
  event.erase(from);
  event.set(to, std::move(value));
}

draft stored_form(const draft& event) {
  draft copy = event;
  to_stored(copy);
  return copy;
}

void validate_series(const draft& stored, field_errors& out) {
  auto& series = stored.get("series");
  if (series.is_null())
    return;
  if (series.get("count").integer() < 2)
    out.push_back(invalid("series.count", "", "should be at least 2"));
  if (!has_text(series, "lastObservedTime"))
    out.push_back(required("series.lastObservedTime"));
}

// Fields are named as in the stored form, as upstream does.
void validate(const draft& event, field_errors& out) {
  auto stored = stored_form(event);
  core::event::validate_stored(stored, out);
  meta::validate_object_meta(stored, true, meta::name_is_dns_subdomain, out);
  validate_series(stored, out);
  if (!has_text(stored, "eventTime"))
    out.push_back(required("eventTime"));
  auto type = stored.get("type").str();
  if (type != "Normal" && type != "Warning")
    out.push_back(invalid("type", "", "has invalid value: " + std::string(type)));
  for (std::string_view key : {"firstTimestamp", "lastTimestamp"})
    if (has_text(stored, key))
      out.push_back(invalid(std::string(key), "", "needs to be unset"));
  if (stored.get("count").integer() != 0)
    out.push_back(invalid("count", "", "needs to be unset"));
  if (has_text(stored.get("source"), "component") || has_text(stored.get("source"), "host"))
    out.push_back(invalid("source", "", "needs to be unset"));
}

void validate_update(const draft& next, const draft& old, field_errors& out) {
  auto now = stored_form(next), before = stored_form(old);
  core::event::validate_stored(now, out);
  meta::validate_object_meta_update(now, before, out);
  if (!meta::semantically_equal(now.get("series"), before.get("series")))
    validate_series(now, out);
  for (std::string_view key : {"involvedObject", "reason", "message", "source", "firstTimestamp",
                               "lastTimestamp", "count", "type", "eventTime", "action", "related"})
    meta::validate_immutable(now.get(key), before.get(key), path(key), out);
  meta::validate_immutable(now.get("reportingComponent"), before.get("reportingComponent"),
                           path("reportingController"), out);
  meta::validate_immutable(now.get("reportingInstance"), before.get("reportingInstance"),
                           path("reportingInstance"), out);
}

void cells(const draft& event, int64_t now_seconds, std::vector<draft>& out) {
  core::event::cells(stored_form(event), now_seconds, out);
}

} // namespace

void to_stored(draft& event) {
  for (auto& [here, stored] : renamings)
    rename(event, here, stored);
  event.set("apiVersion", "v1");
  event.set("kind", "Event");
}

void from_stored(draft& event) {
  for (auto& [here, stored] : renamings)
    rename(event, stored, here);
  event.set("apiVersion", "events.k8s.io/v1");
  event.set("kind", "Event");
}

kind describe() {
  kind k = core::event::describe();
  k.group = "events.k8s.io";
  k.stored_group = "";
  k.stored_version = "v1";
  k.to_stored = to_stored;
  k.from_stored = from_stored;
  k.selectable_fields = {{"regarding.kind", {"involvedObject", "kind"}},
                         {"regarding.namespace", {"involvedObject", "namespace"}},
                         {"regarding.name", {"involvedObject", "name"}},
                         {"regarding.uid", {"involvedObject", "uid"}},
                         {"regarding.apiVersion", {"involvedObject", "apiVersion"}},
                         {"regarding.resourceVersion", {"involvedObject", "resourceVersion"}},
                         {"regarding.fieldPath", {"involvedObject", "fieldPath"}},
                         {"reason", {"reason"}},
                         {"reportingController", {"reportingComponent"}},
                         {"type", {"type"}}};
  k.validate = validate;
  k.validate_update = validate_update;
  k.cells = cells;
  return k;
}

} // namespace actors::apiserver::registry::events::event
