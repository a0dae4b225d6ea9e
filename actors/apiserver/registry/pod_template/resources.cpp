// Resource lists.
#include "actors/apiserver/registry/pod_template/resources.hpp"

#include <algorithm>
#include <array>

#include "actors/apiserver/registry/fields.hpp"
#include "actors/apiserver/registry/meta/names.hpp"
#include "actors/apiserver/registry/scalars.hpp"

namespace actors::apiserver::registry::pod_template {

namespace {

constexpr std::string_view huge_page_prefix = "hugepages-";

constexpr std::array<std::string_view, 20> standard_names = {"cpu",
                                                             "memory",
                                                             "ephemeral-storage",
                                                             "requests.cpu",
                                                             "requests.memory",
                                                             "requests.ephemeral-storage",
                                                             "limits.cpu",
                                                             "limits.memory",
                                                             "limits.ephemeral-storage",
                                                             "pods",
                                                             "resourcequotas",
                                                             "services",
                                                             "replicationcontrollers",
                                                             "secrets",
                                                             "configmaps",
                                                             "persistentvolumeclaims",
                                                             "storage",
                                                             "requests.storage",
                                                             "services.nodeports",
                                                             "services.loadbalancers"};

// Counted things: a fraction of one makes no sense.
constexpr std::array<std::string_view, 9> whole_names = {
  "pods",       "resourcequotas",         "services",           "replicationcontrollers", "secrets",
  "configmaps", "persistentvolumeclaims", "services.nodeports", "services.loadbalancers"};

template <class List>
bool among(const List& list, std::string_view name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

bool is_container_name(std::string_view name) {
  return name == "cpu" || name == "memory" || name == "ephemeral-storage" || is_huge_page(name);
}

// Unprefixed names and those of kubernetes.io belong to the system.
bool is_native(std::string_view name) {
  return name.find('/') == name.npos || name.find("kubernetes.io/") != name.npos;
}

bool is_extended(std::string_view name) {
  return !is_native(name) && !name.starts_with("requests.") &&
         meta::check_label_key("requests." + std::string(name)).empty();
}

bool validate_name_format(std::string_view name, const path& field, field_errors& out) {
  auto complaints = meta::check_label_key(name);
  meta::add(out, field, name, complaints);
  if (!complaints.empty())
    return false;
  if (name.find('/') == name.npos && !among(standard_names, name) && !is_huge_page(name)) {
    out.push_back(invalid(field, name, "must be a standard resource type or fully qualified"));
    return false;
  }
  return true;
}

void validate_container_name(std::string_view name, const path& field, field_errors& out) {
  validate_name_format(name, field, out);
  if (name.find('/') == name.npos) {
    if (!is_container_name(name))
      out.push_back(invalid(field, name, "must be a standard resource for containers"));
  } else if (!is_native(name) && !is_extended(name)) {
    out.push_back(invalid(field, name, "doesn't follow extended resource name standard"));
  }
}

void validate_pod_name(std::string_view name, const path& field, field_errors& out) {
  if (validate_name_format(name, field, out) && name != "cpu" && name != "memory" && !is_huge_page(name))
    out.push_back(not_supported(field, name, {"cpu", "hugepages-", "memory"}));
}

using name_check = void (*)(std::string_view, const path&, field_errors&);

void validate_lists(const draft& resources, name_check check_name, const path& field, field_errors& out) {
  auto limits_field = field.child("limits"), requests_field = field.child("requests");
  auto& limits = resources.get("limits");
  bool computes = false, huge = false;
  auto check = [&](std::string_view name, const draft& quantity, const path& at) {
    check_name(name, at.key(name), out);
    validate_quantity(name, quantity, at.key(name), out);
    huge |= is_huge_page(name);
    computes |= name == "cpu" || name == "memory";
  };
  for (auto& [name, quantity] : limits.members())
    check(name, quantity, limits_field);
  for (auto& [name, quantity] : resources.get("requests").members()) {
    check(name, quantity, requests_field);
    auto* limit = limits.find(name);
    if (!limit) {
      if (!may_overcommit(name))
        out.push_back(required(limits_field, "Limit must be set for non overcommitable resources"));
      continue;
    }
    auto order = compare_quantities(quantity, *limit);
    auto words = name + " limit of " + quantity_text(*limit);
    if (order != 0 && !may_overcommit(name))
      out.push_back(invalid(requests_field, quantity_text(quantity), "must be equal to " + words));
    else if (order > 0)
      out.push_back(
        invalid(requests_field, quantity_text(quantity), "must be less than or equal to " + words));
  }
  if (huge && !computes)
    out.push_back(forbidden(field, "HugePages require cpu or memory"));
}

void validate_claims(const draft& claims, const std::set<std::string>& known, const path& field,
                     field_errors& out) {
  std::set<std::string> seen;
  for (size_t i = 0; i < claims.size(); ++i) {
    auto at = field.index(i);
    std::string name(claims.items()[i].get("name").str());
    std::string request(claims.items()[i].get("request").str());
    if (name.empty()) {
      out.push_back(required(at));
      continue;
    }
    if (!request.empty())
      meta::add(out, at.child("request"), request, meta::check_dns1123_label(request));
    auto key = request.empty() ? name : name + "/" + request;
    bool whole_claim_seen = seen.contains(name);
    bool part_seen = request.empty() && std::any_of(seen.begin(), seen.end(), [&](auto& other) {
                       return other.starts_with(name + "/");
                     });
    if (whole_claim_seen || part_seen || !seen.insert(key).second)
      out.push_back(duplicate(at, whole_claim_seen ? name : key));
    if (known.contains(name))
      continue;
    auto error = not_found(at, name);
    error.detail = "must be one of the names in pod.spec.resourceClaims";
    error.detail += known.empty() ? " which is empty" : ": ";
    for (auto& other : known)
      error.detail.append(&other == &*known.begin() ? "" : ", ").append(other);
    out.push_back(error);
  }
}

} // namespace

bool is_huge_page(std::string_view resource) { return resource.starts_with(huge_page_prefix); }

bool may_overcommit(std::string_view resource) { return is_native(resource) && !is_huge_page(resource); }

void round_up(draft& list) {
  if (!list.is_object())
    return;
  for (auto& [name, quantity] : list.members())
    if (!quantity.is_null())
      quantity = round_up_to_milli(quantity);
}

void validate_quantity(std::string_view resource, const draft& quantity, const path& field,
                       field_errors& out) {
  if (compare_quantities(quantity, 0) < 0)
    out.push_back(invalid(field, quantity_text(quantity), "must be greater than or equal to 0"));
  if ((among(whole_names, resource) || is_extended(resource)) && !is_whole_quantity(quantity))
    out.push_back(invalid(field, quantity_text(quantity), "must be an integer"));
  if (is_huge_page(resource)) {
    // hugepages-2Mi comes in pages of 2Mi.
    auto page = resource.substr(huge_page_prefix.size());
    if (!is_multiple_of(quantity, page))
      out.push_back(
        invalid(field, quantity_text(quantity),
                quantity_text(quantity) + " is not positive integer multiple of " + std::string(resource)));
  }
}

void validate_resources(const draft& resources, const std::set<std::string>& claim_names, const path& field,
                        field_errors& out) {
  validate_lists(resources, validate_container_name, field, out);
  validate_claims(resources.get("claims"), claim_names, field.child("claims"), out);
}

void validate_pod_resources(const draft& resources, const path& field, field_errors& out) {
  if (has(resources, "claims"))
    out.push_back(forbidden(field.child("claims"), "claims cannot be set for Resources at pod-level"));
  validate_lists(resources, validate_pod_name, field, out);
}

} // namespace actors::apiserver::registry::pod_template
