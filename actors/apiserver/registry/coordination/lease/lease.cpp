// Lease: a heartbeat or a lock; written often, so it has a store shard of its own.
#include "actors/apiserver/registry/coordination/lease/lease.hpp"

#include "actors/apiserver/registry/fields.hpp"
#include "actors/apiserver/registry/meta/object_meta.hpp"
#include "actors/apiserver/registry/meta/strategy.hpp"
#include "actors/apiserver/registry/table/columns.hpp"
#include "actors/apiserver/registry/verbs.hpp"

namespace actors::apiserver::registry::coordination::lease {

namespace {

void validate_strategy(const draft& strategy, const path& field, field_errors& out) {
  auto name = strategy.str();
  if (name.find('/') != name.npos)
    meta::add(out, field, name, meta::check_label_key(name));
  else if (name != "OldestEmulationVersion")
    out.push_back(not_supported(field, name, {"OldestEmulationVersion"}));
}

void validate_spec(const draft& spec, field_errors& out) {
  path field("spec");
  if (has(spec, "leaseDurationSeconds") && spec.get("leaseDurationSeconds").integer() <= 0)
    out.push_back(invalid(field.child("leaseDurationSeconds"), spec.get("leaseDurationSeconds"),
                          "must be greater than 0"));
  if (spec.get("leaseTransitions").integer() < 0)
    out.push_back(invalid(field.child("leaseTransitions"), spec.get("leaseTransitions"),
                          "must be greater than or equal to 0"));
  if (has(spec, "strategy"))
    validate_strategy(spec.get("strategy"), field.child("strategy", "strategy"), out);
  if (has_text(spec, "preferredHolder") && !has_text(spec, "strategy"))
    out.push_back(
      forbidden(field.child("preferredHolder"), "may only be specified if `strategy` is defined"));
}

void validate(const draft& object, field_errors& out) {
  meta::validate_object_meta(object, true, meta::name_is_dns_subdomain, out);
  validate_spec(object.get("spec"), out);
}

void validate_update(const draft& next, const draft& old, field_errors& out) {
  meta::validate_object_meta_update(next, old, out);
  validate_spec(next.get("spec"), out);
}

void cells(const draft& object, int64_t now_seconds, std::vector<draft>& out) {
  out.push_back(table::name_of(object));
  out.push_back(object.get("spec").get("holderIdentity").str());
  out.push_back(table::age(object, now_seconds));
}

} // namespace

kind describe() {
  kind k{.group = "coordination.k8s.io",
         .version = "v1",
         .name = "Lease",
         .plural = "leases",
         .singular = "lease"};
  k.shard = "leases";
  k.key_prefix = "/leases/";
  k.verbs = all_verbs;
  k.allow_unconditional_update = false;
  k.allow_create_on_update = true;
  k.apply_defaults = meta::default_nothing;
  k.prepare_create = meta::prepare_nothing_on_create;
  k.prepare_update = meta::prepare_nothing_on_update;
  k.validate = validate;
  k.validate_update = validate_update;
  k.columns = {table::name_column, table::text_column("Holder", "Who holds the lease."), table::age_column};
  k.cells = cells;
  return k;
}

} // namespace actors::apiserver::registry::coordination::lease
