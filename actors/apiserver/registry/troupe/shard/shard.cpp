// Shard: where a part of the store is.
#include "actors/apiserver/registry/troupe/shard/shard.hpp"

#include "actors/apiserver/registry/fields.hpp"
#include "actors/apiserver/registry/meta/object_meta.hpp"
#include "actors/apiserver/registry/table/columns.hpp"
#include "actors/apiserver/registry/troupe/own_kind.hpp"

namespace actors::apiserver::registry::troupe::shard {

namespace {

const path spec("spec"), status("status");

void validate_spec(const draft& object, field_errors& out) {
  auto& wanted = object.get("spec");
  validate_host_name(wanted.get("host"), spec.child("host"), out);
  validate_one_of(wanted.get("engine"), spec.child("engine"), {"lmdb"}, out);
}

void validate(const draft& object, field_errors& out) {
  validate_metadata(object, out);
  validate_spec(object, out);
}

void validate_update(const draft& next, const draft& old, field_errors& out) {
  meta::validate_object_meta_update(next, old, out);
  validate_spec(next, out);
}

void validate_status_update(const draft& next, const draft& old, field_errors& out) {
  meta::validate_object_meta_update(next, old, out);
  auto& now = next.get("status");
  validate_one_of(now.get("phase"), status.child("phase"), {"Failed", "Moving", "Pending", "Running"}, out);
  if (has_text(now, "host"))
    validate_host_name(now.get("host"), status.child("host"), out);
  meta::validate_nonnegative(now, "restarts", status, out);
  validate_conditions(now.get("conditions"), status.child("conditions"), out);
}

/// "Moving (Copying)": the reason is how far it is.
std::string phase_of(const draft& now) {
  std::string phase{now.get("phase").str()};
  if (phase.empty())
    return "Pending";
  if (phase == "Moving")
    for (auto& one : now.get("conditions").items())
      if (one.get("type").str() == "Moving" && !one.get("reason").str().empty())
        phase.append(" (").append(one.get("reason").str()).append(")");
  return phase;
}

void cells(const draft& object, int64_t now_seconds, std::vector<draft>& out) {
  auto& now = object.get("status");
  out.push_back(table::name_of(object));
  out.push_back(text_cell(now.get("host").str().empty() ? object.get("spec").get("host") : now.get("host")));
  out.push_back(phase_of(now));
  out.push_back(table::age(object, now_seconds));
  out.push_back(text_cell(object.get("spec").get("engine")));
  out.push_back(now.get("restarts").integer());
  out.push_back(text_cell(now.get("lastFailure")));
}

} // namespace

kind describe() {
  kind k = make_own_kind("Shard", "shards", "shard", "/shards.troupe.dev/");
  k.selectable_fields = {{"spec.host", {"spec", "host"}}, {"status.host", {"status", "host"}}};
  k.validate = validate;
  k.validate_update = validate_update;
  k.validate_status_update = validate_status_update;
  k.columns = {table::name_column,
               table::text_column("Host", "The host that keeps it."),
               table::text_column("Phase", "Pending, Running, Moving or Failed."),
               table::age_column,
               table::text_column("Engine", "How it keeps its data.", 1),
               table::integer_column("Restarts", "How often its supervisor restarted it.", 1),
               table::text_column("Last Failure", "Text of the last failure.", 1)};
  k.cells = cells;
  return k;
}

} // namespace actors::apiserver::registry::troupe::shard
