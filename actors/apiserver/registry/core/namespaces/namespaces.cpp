// Namespace: spec.finalizers hold a deleted one until its contents are gone.
#include "actors/apiserver/registry/core/namespaces/namespaces.hpp"

#include "actors/apiserver/registry/fields.hpp"
#include "actors/apiserver/registry/meta/object_meta.hpp"
#include "actors/apiserver/registry/meta/strategy.hpp"
#include "actors/apiserver/registry/table/columns.hpp"
#include "actors/apiserver/registry/verbs.hpp"

namespace actors::apiserver::registry::core::namespaces {

namespace {

constexpr std::string_view content_finalizer = "kubernetes";
constexpr std::string_view name_label = "kubernetes.io/metadata.name";

void label_with_name(draft& object) {
  auto name = std::string(object.get("metadata").get("name").str());
  if (!name.empty())
    object_made(object_made(object, "metadata"), "labels").set(name_label, name);
}

void apply_defaults(draft& object) {
  label_with_name(object);
  default_text(object_made(object, "status"), "phase", "Active");
}

void prepare_create(const change_context&, draft& object) {
  label_with_name(object); // a generated name came after the defaults
  object.set("status", draft::make_object({{"phase", "Active"}}));
  auto& spec = object_made(object, "spec");
  if (!spec.get("finalizers").is_array())
    spec.set("finalizers", draft::make_array());
  for (auto& finalizer : spec.get("finalizers").items())
    if (finalizer.str() == content_finalizer)
      return;
  spec["finalizers"].push_back(content_finalizer);
}

void prepare_update(const change_context&, draft& next, const draft& old) {
  copy_member(next, old, "status");
  copy_member(object_made(next, "spec"), old.get("spec"), "finalizers");
}

void prepare_finalize(const change_context&, draft& next, const draft& old) {
  copy_member(next, old, "status");
}

void validate_spec_finalizers(const draft& object, field_errors& out) {
  auto& finalizers = object.get("spec").get("finalizers").items();
  for (size_t i = 0; i < finalizers.size(); ++i)
    meta::validate_finalizer_name(finalizers[i].str(), path("spec").child("finalizers").index(i), out);
}

void validate(const draft& object, field_errors& out) {
  meta::validate_object_meta(object, false, meta::name_is_dns_label, out);
  validate_spec_finalizers(object, out);
}

void validate_update(const draft& next, const draft& old, field_errors& out) {
  meta::validate_object_meta_update(next, old, out);
}

void validate_status_update(const draft& next, const draft& old, field_errors& out) {
  meta::validate_object_meta_update(next, old, out);
  auto phase = next.get("status").get("phase").str();
  bool deleted = has(next.get("metadata"), "deletionTimestamp");
  if (!deleted && phase != "Active")
    out.push_back(invalid("status.Phase", phase, "may only be 'Active' if `deletionTimestamp` is empty"));
  if (deleted && phase != "Terminating")
    out.push_back(
      invalid("status.Phase", phase, "may only be 'Terminating' if `deletionTimestamp` is not empty"));
}

void validate_finalize(const draft& next, const draft& old, field_errors& out) {
  meta::validate_object_meta_update(next, old, out);
  validate_spec_finalizers(next, out);
}

void begin_deletion(const change_context&, draft& object) {
  object_made(object, "status").set("phase", "Terminating");
}

bool holds_deletion(const draft& object) { return !object.get("spec").get("finalizers").empty(); }

void cells(const draft& object, int64_t now_seconds, std::vector<draft>& out) {
  out.push_back(table::name_of(object));
  out.push_back(object.get("status").get("phase").str());
  out.push_back(table::age(object, now_seconds));
}

} // namespace

kind describe() {
  kind k{.group = "", .version = "v1", .name = "Namespace", .plural = "namespaces", .singular = "namespace"};
  k.short_names = {"ns"};
  k.namespaced = false;
  k.shard = "main";
  k.key_prefix = "/namespaces/";
  k.verbs = {"create", "delete", "get", "list", "patch", "update", "watch"};
  k.subresources = {{"finalize", {}, {}, "Namespace", {"update"}}, status_subresource("Namespace")};
  k.has_status = true;
  k.selectable_fields = {{"status.phase", {"status", "phase"}}, {"name", {"metadata", "name"}}};
  k.apply_defaults = apply_defaults;
  k.prepare_create = prepare_create;
  k.prepare_update = prepare_update;
  k.prepare_status_update = meta::keep_spec;
  k.prepare_finalize = prepare_finalize;
  k.validate = validate;
  k.validate_update = validate_update;
  k.validate_status_update = validate_status_update;
  k.validate_finalize = validate_finalize;
  k.begin_deletion = begin_deletion;
  k.holds_deletion = holds_deletion;
  k.columns = {table::name_column, table::text_column("Status", "The status of the namespace."),
               table::age_column};
  k.cells = cells;
  return k;
}

} // namespace actors::apiserver::registry::core::namespaces
