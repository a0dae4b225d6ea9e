// ReplicaSet.
#include "actors/apiserver/registry/apps/replicaset/replicaset.hpp"

#include "actors/apiserver/registry/apps/workload.hpp"
#include "actors/apiserver/registry/fields.hpp"
#include "actors/apiserver/registry/meta/labels.hpp"
#include "actors/apiserver/registry/meta/object_meta.hpp"
#include "actors/apiserver/registry/meta/strategy.hpp"
#include "actors/apiserver/registry/pod_template/defaults.hpp"
#include "actors/apiserver/registry/table/columns.hpp"
#include "actors/apiserver/registry/verbs.hpp"

namespace actors::apiserver::registry::apps::replicaset {

namespace {

void apply_defaults(draft& object) {
  pod_template::default_template(object);
  default_to(object_made(object, "spec"), "replicas", 1);
}

void validate_spec(const draft& spec, field_errors& out) {
  meta::validate_nonnegative(spec, "replicas", path("spec"), out);
  meta::validate_nonnegative(spec, "minReadySeconds", path("spec"), out);
  validate_selector_and_template(spec, out);
}

void validate(const draft& object, field_errors& out) {
  meta::validate_object_meta(object, true, meta::name_is_dns_subdomain, out);
  validate_spec(object.get("spec"), out);
}

void validate_update(const draft& next, const draft& old, field_errors& out) {
  meta::validate_object_meta_update(next, old, out);
  validate_spec(next.get("spec"), out);
  validate_immutable_selector(next, old, out);
}

void validate_status_update(const draft& next, const draft& old, field_errors& out) {
  meta::validate_object_meta_update(next, old, out);
  validate_status_counts(next.get("status"),
                         {"replicas", "fullyLabeledReplicas", "readyReplicas", "availableReplicas",
                          "terminatingReplicas", "observedGeneration"},
                         {"fullyLabeledReplicas", "readyReplicas", "availableReplicas"}, out);
}

void cells(const draft& object, int64_t now_seconds, std::vector<draft>& out) {
  auto& spec = object.get("spec");
  auto& containers = spec.get("template").get("spec").get("containers");
  out.push_back(table::name_of(object));
  out.push_back(spec.get("replicas").integer());
  out.push_back(object.get("status").get("replicas").integer());
  out.push_back(object.get("status").get("readyReplicas").integer());
  out.push_back(table::age(object, now_seconds));
  out.push_back(table::list_containers(containers, "name"));
  out.push_back(table::list_containers(containers, "image"));
  out.push_back(meta::format_selector(spec.get("selector")));
}

} // namespace

kind describe() {
  kind k{.group = "apps",
         .version = "v1",
         .name = "ReplicaSet",
         .plural = "replicasets",
         .singular = "replicaset"};
  k.short_names = {"rs"};
  k.categories = {"all"};
  k.shard = "main";
  k.key_prefix = "/replicasets/";
  k.verbs = all_verbs;
  k.subresources = {scale_subresource(), status_subresource("ReplicaSet")};
  k.has_status = true;
  k.has_scale = true;
  k.selectable_fields = {{"status.replicas", {"status", "replicas"}, "0"}};
  k.apply_defaults = apply_defaults;
  k.prepare_create = meta::drop_status_begin_generation;
  k.prepare_update = meta::keep_status_bump_generation;
  k.prepare_status_update = meta::keep_spec;
  k.validate = validate;
  k.validate_update = validate_update;
  k.validate_status_update = validate_status_update;
  k.scale_of = scale_of;
  k.apply_scale = apply_scale;
  k.columns = {table::name_column,
               table::integer_column("Desired", "The number of wanted pods."),
               table::integer_column("Current", "The number of pods there are."),
               table::integer_column("Ready", "The number of ready pods."),
               table::age_column,
               table::containers_column,
               table::images_column,
               table::text_column("Selector", "Which pods belong to the set.", 1)};
  k.cells = cells;
  return k;
}

} // namespace actors::apiserver::registry::apps::replicaset
