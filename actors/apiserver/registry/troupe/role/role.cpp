// Role: who owns a role. The epoch in its status is what fencing rests on, so it only ever rises.
#include "actors/apiserver/registry/troupe/role/role.hpp"

#include <algorithm>

#include "actors/apiserver/registry/fields.hpp"
#include "actors/apiserver/registry/meta/object_meta.hpp"
#include "actors/apiserver/registry/table/columns.hpp"
#include "actors/apiserver/registry/troupe/own_kind.hpp"

namespace actors::apiserver::registry::troupe::role {

namespace {

const path spec("spec"), status("status");
const std::vector<std::string_view> phases = {"Failed", "Moving", "Pending", "Running", "Standby"};

std::string object_name(std::string_view role_id) {
  std::string name(role_id);
  std::replace(name.begin(), name.end(), '/', '.');
  return name;
}

void validate_hosts(const draft& hosts, field_errors& out) {
  if (hosts.empty())
    out.push_back(required(spec.child("hosts"), "must name at least one host, the preferred one first"));
  validate_host_names(hosts, spec.child("hosts"), out);
}

void validate(const draft& object, field_errors& out) {
  validate_metadata(object, out);
  auto& wanted = object.get("spec");
  auto& id = wanted.get("role");
  auto name = object.get("metadata").get("name").str();
  if (id.str().empty())
    out.push_back(required(spec.child("role"), "must be the id of a role, such as controllers/deployment"));
  else if (name != object_name(id.str()))
    out.push_back(invalid("metadata.name", name,
                          "must be \"" + object_name(id.str()) + "\": spec.role with '.' in place of '/'"));
  validate_hosts(wanted.get("hosts"), out);
  meta::validate_nonnegative(wanted, "generation", spec, out);
}

void validate_update(const draft& next, const draft& old, field_errors& out) {
  meta::validate_object_meta_update(next, old, out);
  auto& wanted = next.get("spec");
  meta::validate_immutable(wanted.get("role"), old.get("spec").get("role"), spec.child("role"), out);
  validate_hosts(wanted.get("hosts"), out);
  meta::validate_nonnegative(wanted, "generation", spec, out);
}

void validate_status_update(const draft& next, const draft& old, field_errors& out) {
  meta::validate_object_meta_update(next, old, out);
  auto& now = next.get("status");
  validate_never_lower(now.get("epoch"), old.get("status").get("epoch"), status.child("epoch"),
                       "a takeover must raise it, or writes of earlier owners would be accepted again", out);
  validate_one_of(now.get("phase"), status.child("phase"), phases, out);
  if (has_text(now, "host"))
    validate_host_name(now.get("host"), status.child("host"), out);
  for (std::string_view count : {"generation", "restarts", "takeovers"})
    meta::validate_nonnegative(now, count, status, out);
  validate_conditions(now.get("conditions"), status.child("conditions"), out);
}

std::string join(const draft& texts) {
  std::string out;
  for (auto& text : texts.items())
    out.append(out.empty() ? "" : ",").append(text.str());
  return table::or_none(out);
}

void cells(const draft& object, int64_t now_seconds, std::vector<draft>& out) {
  auto& now = object.get("status");
  out.push_back(table::name_of(object));
  out.push_back(text_cell(object.get("spec").get("role")));
  out.push_back(text_cell(now.get("host")));
  out.push_back(now.get("epoch").integer());
  out.push_back(now.get("phase").str().empty() ? "Pending" : now.get("phase").str());
  out.push_back(now.get("restarts").integer());
  out.push_back(table::age(object, now_seconds));
  out.push_back(join(object.get("spec").get("hosts")));
  out.push_back(now.get("takeovers").integer());
  out.push_back(text_cell(now.get("lastFailure")));
}

} // namespace

kind describe() {
  kind k = make_own_kind("Role", "roles", "role", "/roles.troupe.dev/");
  k.selectable_fields = {{"spec.role", {"spec", "role"}},
                         {"status.host", {"status", "host"}},
                         {"status.phase", {"status", "phase"}}};
  k.validate = validate;
  k.validate_update = validate_update;
  k.validate_status_update = validate_status_update;
  k.columns = {table::name_column,
               table::text_column("Role", "The id of the role."),
               table::text_column("Host", "The host that owns it."),
               table::integer_column("Epoch", "Counts its owners; an earlier one cannot write any more."),
               table::text_column("Phase", "Pending, Standby, Running, Moving or Failed."),
               table::integer_column("Restarts", "How often its supervisor restarted it."),
               table::age_column,
               table::text_column("Hosts", "The hosts that may run it, the preferred one first.", 1),
               table::integer_column("Takeovers", "How often another host took it over.", 1),
               table::text_column("Last Failure", "Text of the last failure.", 1)};
  k.cells = cells;
  return k;
}

} // namespace actors::apiserver::registry::troupe::role
