// What Deployment and ReplicaSet share.
#include "actors/apiserver/registry/apps/workload.hpp"

#include <charconv>

#include "actors/apiserver/registry/fields.hpp"
#include "actors/apiserver/registry/meta/labels.hpp"
#include "actors/apiserver/registry/meta/names.hpp"
#include "actors/apiserver/registry/meta/object_meta.hpp"
#include "actors/apiserver/registry/pod_template/pod_spec.hpp"

namespace actors::apiserver::registry::apps {

void validate_selector_and_template(const draft& spec, field_errors& out) {
  path field("spec.selector");
  auto& selector = spec.get("selector");
  field_errors found;
  if (selector.is_null()) {
    out.push_back(required(field));
  } else {
    meta::validate_label_selector(selector, field, found);
    if (meta::is_empty_selector(selector))
      out.push_back(invalid(field, selector, "empty selector is invalid for deployment"));
  }
  bool usable = found.empty();
  out.insert(out.end(), found.begin(), found.end());
  if (usable)
    pod_template::validate_running_template(spec.get("template"), selector, path("spec.template"), out);
  else
    out.push_back(invalid(field, selector, "invalid label selector"));
}

void validate_immutable_selector(const draft& next, const draft& old, field_errors& out) {
  meta::validate_immutable(next.get("spec").get("selector"), old.get("spec").get("selector"),
                           path("spec.selector"), out);
}

bool is_percent(const draft& value) { return value.is_string() && meta::check_percent(value.str()).empty(); }

int64_t count_or_percent(const draft& value) {
  if (!value.is_string())
    return value.integer();
  auto text = value.str();
  int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

void validate_count_or_percent(const draft& value, const path& field, field_errors& out) {
  if (value.is_string())
    meta::add(out, field, value, meta::check_percent(value.str()));
  else if (value.integer() < 0)
    out.push_back(invalid(field, value, "must be greater than or equal to 0"));
}

void validate_status_counts(const draft& status, std::initializer_list<std::string_view> counts,
                            std::initializer_list<std::string_view> parts, field_errors& out) {
  path field("status");
  for (auto key : counts)
    meta::validate_nonnegative(status, key, field, out);
  for (auto key : parts)
    if (status.get(key).integer() > status.get("replicas").integer())
      out.push_back(
        invalid(field.child(key), status.get(key).integer(), "cannot be greater than status.replicas"));
  if (status.get("availableReplicas").integer() > status.get("readyReplicas").integer())
    out.push_back(invalid(field.child("availableReplicas"), status.get("availableReplicas").integer(),
                          "cannot be greater than readyReplicas"));
}

draft scale_of(const draft& object) {
  auto& from = object.get("metadata");
  auto metadata = draft::make_object();
  for (std::string_view key : {"name", "namespace", "uid", "resourceVersion", "creationTimestamp"})
    copy_member(metadata, from, key);
  auto status = draft::make_object({{"replicas", object.get("status").get("replicas").integer()}});
  if (auto& selector = object.get("spec").get("selector"); !meta::is_empty_selector(selector))
    status.set("selector", meta::format_selector(selector));
  auto scale = draft::make_object({{"kind", "Scale"}, {"apiVersion", "autoscaling/v1"}});
  scale.set("metadata", std::move(metadata));
  scale.set("spec", draft::make_object({{"replicas", object.get("spec").get("replicas").integer()}}));
  scale.set("status", std::move(status));
  return scale;
}

void apply_scale(const draft& scale, draft& object, field_errors& out) {
  auto& spec = scale.get("spec");
  meta::validate_nonnegative(spec, "replicas", path("spec"), out);
  object_made(object, "spec").set("replicas", spec.get("replicas").integer());
}

} // namespace actors::apiserver::registry::apps
