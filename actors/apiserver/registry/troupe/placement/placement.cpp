// Placement: the file in force, kept so that every host knows it after a restart. What it says is checked by
// who applies it, since reading it takes the table of roles.
#include "actors/apiserver/registry/troupe/placement/placement.hpp"

#include "actors/apiserver/registry/meta/object_meta.hpp"
#include "actors/apiserver/registry/table/columns.hpp"
#include "actors/apiserver/registry/troupe/own_kind.hpp"

namespace actors::apiserver::registry::troupe::placement {

namespace {

constexpr size_t text_bytes_max = 1 << 20; // what the reader of placement files takes
constexpr std::string_view only_name = "current";
const path status("status");

void validate_spec(const draft& object, field_errors& out) {
  auto text = object.get("spec").get("text").str();
  path field("spec.text");
  if (text.empty())
    out.push_back(required(field, "must be a placement file"));
  else if (text.size() > text_bytes_max)
    out.push_back(too_long(field, text_bytes_max));
}

void validate(const draft& object, field_errors& out) {
  validate_metadata(object, out);
  auto& name = object.get("metadata").get("name");
  if (!name.str().empty() && name.str() != only_name)
    out.push_back(invalid("metadata.name", name,
                          "must be \"current\": a cluster has one placement, and that is its name"));
  validate_spec(object, out);
}

void validate_update(const draft& next, const draft& old, field_errors& out) {
  meta::validate_object_meta_update(next, old, out);
  validate_spec(next, out);
}

void validate_status_update(const draft& next, const draft& old, field_errors& out) {
  meta::validate_object_meta_update(next, old, out);
  auto& now = next.get("status");
  meta::validate_nonnegative(now, "generation", status, out);
  validate_conditions(now.get("conditions"), status.child("conditions"), out);
}

void cells(const draft& object, int64_t now_seconds, std::vector<draft>& out) {
  out.push_back(table::name_of(object));
  out.push_back(object.get("metadata").get("generation").integer());
  out.push_back(table::age(object, now_seconds));
}

} // namespace

kind describe() {
  kind k = make_own_kind("Placement", "placements", "placement", "/placements.troupe.dev/");
  k.validate = validate;
  k.validate_update = validate_update;
  k.validate_status_update = validate_status_update;
  k.columns = {table::name_column,
               table::integer_column("Generation", "Counts the placements that came into force."),
               table::age_column};
  k.cells = cells;
  return k;
}

} // namespace actors::apiserver::registry::troupe::placement
