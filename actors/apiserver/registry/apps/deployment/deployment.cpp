// Deployment.
#include "actors/apiserver/registry/apps/deployment/deployment.hpp"

#include "actors/apiserver/registry/apps/workload.hpp"
#include "actors/apiserver/registry/fields.hpp"
#include "actors/apiserver/registry/meta/labels.hpp"
#include "actors/apiserver/registry/meta/object_meta.hpp"
#include "actors/apiserver/registry/meta/strategy.hpp"
#include "actors/apiserver/registry/pod_template/defaults.hpp"
#include "actors/apiserver/registry/table/columns.hpp"
#include "actors/apiserver/registry/verbs.hpp"

namespace actors::apiserver::registry::apps::deployment {

namespace {

void apply_defaults(draft& object) {
  pod_template::default_template(object);
  auto& spec = object_made(object, "spec");
  default_to(spec, "replicas", 1);
  auto& strategy = object_made(spec, "strategy");
  default_text(strategy, "type", "RollingUpdate");
  if (strategy.get("type").str() == "RollingUpdate") {
    auto& rolling = object_made(strategy, "rollingUpdate");
    default_to(rolling, "maxUnavailable", "25%");
    default_to(rolling, "maxSurge", "25%");
  }
  default_to(spec, "revisionHistoryLimit", 10);
  default_to(spec, "progressDeadlineSeconds", 600);
}

void prepare_update(const change_context& context, draft& next, const draft& old) {
  meta::keep_status(context, next, old);
  bool changed = !meta::semantically_equal(next.get("spec"), old.get("spec")) ||
                 next.get("metadata").get("annotations") != old.get("metadata").get("annotations");
  meta::bump_generation(next, old, changed);
}

void validate_rolling_update(const draft& rolling, const path& field, field_errors& out) {
  auto& unavailable = rolling.get("maxUnavailable");
  auto& surge = rolling.get("maxSurge");
  auto at = field.child("maxUnavailable");
  validate_count_or_percent(unavailable, at, out);
  validate_count_or_percent(surge, field.child("maxSurge"), out);
  if (count_or_percent(unavailable) == 0 && count_or_percent(surge) == 0)
    out.push_back(invalid(at, unavailable, "may not be 0 when `maxSurge` is 0"));
  if (is_percent(unavailable) && count_or_percent(unavailable) > 100)
    out.push_back(invalid(at, unavailable, "must not be greater than 100%"));
}

void validate_strategy(const draft& strategy, const path& field, field_errors& out) {
  auto type = strategy.get("type").str();
  if (type == "Recreate") {
    if (has(strategy, "rollingUpdate"))
      out.push_back(
        forbidden(field.child("rollingUpdate"), "may not be specified when strategy `type` is 'Recreate'"));
  } else if (type == "RollingUpdate") {
    if (has(strategy, "rollingUpdate"))
      validate_rolling_update(strategy.get("rollingUpdate"), field.child("rollingUpdate"), out);
    else
      out.push_back(required(field.child("rollingUpdate"), "this should be defaulted and never be nil"));
  } else {
    out.push_back(not_supported(field, strategy, {"Recreate", "RollingUpdate"}));
  }
}

void validate_spec(const draft& spec, field_errors& out) {
  path field("spec");
  meta::validate_nonnegative(spec, "replicas", field, out);
  validate_selector_and_template(spec, out);
  validate_strategy(spec.get("strategy"), field.child("strategy"), out);
  for (std::string_view key : {"minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds"})
    meta::validate_nonnegative(spec, key, field, out);
  auto& deadline = spec.get("progressDeadlineSeconds");
  if (deadline.is_integer() && deadline.integer() <= spec.get("minReadySeconds").integer())
    out.push_back(
      invalid(field.child("progressDeadlineSeconds"), deadline, "must be greater than minReadySeconds"));
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
  auto& status = next.get("status");
  validate_status_counts(
    status,
    {"observedGeneration", "replicas", "updatedReplicas", "readyReplicas", "availableReplicas",
     "unavailableReplicas", "terminatingReplicas", "collisionCount"},
    {"updatedReplicas", "readyReplicas", "availableReplicas"}, out);
  auto collisions = status.get("collisionCount").integer();
  if (collisions < old.get("status").get("collisionCount").integer())
    out.push_back(invalid("status.collisionCount", collisions, "cannot be decremented"));
}

void cells(const draft& object, int64_t now_seconds, std::vector<draft>& out) {
  auto& spec = object.get("spec");
  auto& status = object.get("status");
  auto& containers = spec.get("template").get("spec").get("containers");
  auto selector =
    meta::is_empty_selector(spec.get("selector")) ? "" : meta::format_selector(spec.get("selector"));
  out.push_back(table::name_of(object));
  out.push_back(std::to_string(status.get("readyReplicas").integer()) + "/" +
                std::to_string(spec.get("replicas").integer()));
  out.push_back(status.get("updatedReplicas").integer());
  out.push_back(status.get("availableReplicas").integer());
  out.push_back(table::age(object, now_seconds));
  out.push_back(table::list_containers(containers, "name"));
  out.push_back(table::list_containers(containers, "image"));
  out.push_back(selector);
}

} // namespace

kind describe() {
  kind k{.group = "apps",
         .version = "v1",
         .name = "Deployment",
         .plural = "deployments",
         .singular = "deployment"};
  k.short_names = {"deploy"};
  k.categories = {"all"};
  k.shard = "main";
  k.key_prefix = "/deployments/";
  k.verbs = all_verbs;
  k.subresources = {scale_subresource(), status_subresource("Deployment")};
  k.has_status = true;
  k.has_scale = true;
  k.apply_defaults = apply_defaults;
  k.prepare_create = meta::drop_status_begin_generation;
  k.prepare_update = prepare_update;
  k.prepare_status_update = meta::keep_spec_and_labels;
  k.validate = validate;
  k.validate_update = validate_update;
  k.validate_status_update = validate_status_update;
  k.scale_of = scale_of;
  k.apply_scale = apply_scale;
  k.columns = {table::name_column,
               table::text_column("Ready", "Number of the pod with ready state."),
               table::text_column("Up-to-date", "Pods that have the wanted template."),
               table::text_column("Available", "Pods that were ready for minReadySeconds."),
               table::age_column,
               table::containers_column,
               table::images_column,
               table::text_column("Selector", "Which pods belong to the deployment.", 1)};
  k.cells = cells;
  return k;
}

} // namespace actors::apiserver::registry::apps::deployment
