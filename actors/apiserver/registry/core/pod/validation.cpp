// Validation of a Pod: nearly all of a running pod's spec is immutable.
#include "actors/apiserver/registry/core/pod/validation.hpp"

#include <algorithm>
#include <set>

#include "actors/apiserver/registry/core/pod/status_validation.hpp"
#include "actors/apiserver/registry/fields.hpp"
#include "actors/apiserver/registry/meta/names.hpp"
#include "actors/apiserver/registry/meta/object_meta.hpp"
#include "actors/apiserver/registry/pod_template/pod_spec.hpp"
#include "actors/apiserver/registry/pod_template/scheduling.hpp"

namespace actors::apiserver::registry::core::pod {

namespace {

constexpr int64_t deadline_seconds_max = 2147483647;

constexpr std::string_view immutable_words =
  "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
  "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
  "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

void validate_metadata_and_spec(const draft& pod, field_errors& out) {
  auto& metadata = pod.get("metadata");
  auto& spec = pod.get("spec");
  meta::validate_object_meta(pod, true, meta::name_is_dns_subdomain, out);
  pod_template::validate_pod_annotations(metadata.get("annotations"), spec, path("metadata.annotations"),
                                         out);
  pod_template::validate_pod_spec(spec, &metadata, path("spec"), out);
}

bool same_container_count(const draft& next, const draft& old, std::string_view list, field_errors& out) {
  if (next.get(list).size() == old.get(list).size())
    return true;
  out.push_back(forbidden(path("spec").child(list), "pod updates may not add or remove containers"));
  return false;
}

bool validate_deadline(const draft& next, const draft& old, field_errors& out) {
  constexpr std::string_view key = "activeDeadlineSeconds";
  path field("spec.activeDeadlineSeconds");
  auto& deadline = next.get(key);
  if (!deadline.is_integer()) {
    if (old.get(key).is_integer())
      out.push_back(invalid(field, deadline, "must not update from a positive integer to nil value"));
    return true;
  }
  auto seconds = deadline.integer();
  if (seconds < 0 || seconds > deadline_seconds_max) {
    out.push_back(invalid(field, seconds, meta::inclusive_range(0, deadline_seconds_max)));
    return false;
  }
  if (old.get(key).is_integer() && old.get(key).integer() < seconds) {
    out.push_back(invalid(field, seconds, "must be less than or equal to previous value"));
    return false;
  }
  return true;
}

void validate_added_tolerations(const draft& next, const draft& old, field_errors& out) {
  auto without_seconds = [](draft toleration) {
    toleration.erase("tolerationSeconds");
    return toleration;
  };
  for (auto& before : old.items()) {
    auto& now = next.items();
    bool kept = std::any_of(now.begin(), now.end(), [&](auto& toleration) {
      return without_seconds(toleration) == without_seconds(before);
    });
    if (!kept) {
      out.push_back(forbidden("spec.tolerations",
                              "existing toleration can not be modified except its tolerationSeconds"));
      return;
    }
  }
}

void validate_removed_gates(const draft& next, const draft& old, field_errors& out) {
  std::set<std::string_view> known;
  for (auto& gate : old.items())
    known.insert(gate.get("name").str());
  for (size_t i = 0; i < next.size(); ++i) {
    std::string name(next.items()[i].get("name").str());
    if (!known.contains(name))
      out.push_back(forbidden(path("spec.schedulingGates").index(i).child("name"),
                              "only deletion is allowed, but found new scheduling gate '" + name + "'"));
  }
}

// The spec with everything that may change taken from the old one.
draft with_mutable_fields_of(draft next, const draft& old) {
  for (std::string_view list : {"containers", "initContainers"}) {
    auto* containers = next.find(list);
    if (!containers || !containers->is_array())
      continue;
    for (size_t i = 0; i < containers->items().size(); ++i)
      copy_member(containers->items()[i], old.get(list).items()[i], "image");
  }
  for (std::string_view key : {"activeDeadlineSeconds", "schedulingGates", "tolerations"})
    copy_member(next, old, key);
  constexpr std::string_view grace = "terminationGracePeriodSeconds";
  if (old.get(grace).integer() < 0 && next.get(grace).integer() == 1)
    copy_member(next, old, grace);
  return next;
}

// A gated pod is not scheduled yet, so where it may run can still be narrowed.
void validate_gated(draft& next, const draft& old, field_errors& out) {
  for (auto& [key, value] : old.get("nodeSelector").members())
    if (next.get("nodeSelector").get(key) != value) {
      out.push_back(invalid("spec.nodeSelector", next.get("nodeSelector"),
                            "only additions are allowed (no mutations or deletions)"));
      break;
    }
  copy_member(next, old, "nodeSelector");
  auto& before = old.get("affinity").get("nodeAffinity");
  if (before.is_null() && has(next.get("affinity"), "nodeAffinity")) {
    next["affinity"].erase("nodeAffinity");
    if (next.get("affinity").empty() && !has(old, "affinity"))
      next.erase("affinity");
  }
}

// The first differing field, to say more than "something": "spec.containers[0].command".
std::string find_difference(const draft& next, const draft& old, const path& at) {
  if (next.is_object() && old.is_object()) {
    for (auto& [key, value] : next.members())
      if (!meta::semantically_equal(value, old.get(key)))
        return find_difference(value, old.get(key), at.child(key));
    for (auto& [key, value] : old.members())
      if (!meta::semantically_equal(next.get(key), value))
        return find_difference(next.get(key), value, at.child(key));
  }
  if (next.is_array() && old.is_array() && next.size() == old.size())
    for (size_t i = 0; i < next.size(); ++i)
      if (!meta::semantically_equal(next.items()[i], old.items()[i]))
        return find_difference(next.items()[i], old.items()[i], at.index(i));
  return at.text() + ": " + print_value(old) + " -> " + print_value(next);
}

} // namespace

void validate(const draft& pod, field_errors& out) {
  validate_metadata_and_spec(pod, out);
  auto& spec = pod.get("spec");
  if (!spec.get("ephemeralContainers").empty())
    out.push_back(forbidden("spec.ephemeralContainers", "cannot be set on create"));
  if (has_text(spec, "nodeName") && !spec.get("schedulingGates").empty())
    out.push_back(forbidden("spec.nodeName", "cannot be set until all schedulingGates have been cleared"));
}

void validate_update(const draft& next, const draft& old, field_errors& out) {
  auto& spec = next.get("spec");
  auto& before = old.get("spec");
  meta::validate_object_meta_update(next, old, out);
  validate_metadata_and_spec(next, out);
  validate_pod_annotation_update(next, old, out);
  if (!same_container_count(spec, before, "containers", out) ||
      !same_container_count(spec, before, "initContainers", out) || !validate_deadline(spec, before, out))
    return;
  validate_added_tolerations(spec.get("tolerations"), before.get("tolerations"), out);
  validate_removed_gates(spec.get("schedulingGates"), before.get("schedulingGates"), out);
  if (meta::semantically_equal(spec, before))
    return;
  auto kept = with_mutable_fields_of(spec, before);
  if (!before.get("schedulingGates").empty())
    validate_gated(kept, before, out);
  if (!meta::semantically_equal(kept, before))
    out.push_back(
      forbidden("spec", std::string(immutable_words) + "\n" + find_difference(kept, before, path("spec"))));
}

} // namespace actors::apiserver::registry::core::pod
