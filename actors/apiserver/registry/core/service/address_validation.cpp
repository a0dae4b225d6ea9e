// Validation of a Service's cluster addresses and IP families.
#include "actors/apiserver/registry/core/service/address_validation.hpp"

#include <set>

#include "actors/apiserver/registry/core/service/service.hpp"
#include "actors/apiserver/registry/fields.hpp"
#include "actors/apiserver/registry/meta/network.hpp"

namespace actors::apiserver::registry::core::service {

namespace {

void validate_families(const draft& service, field_errors& out) {
  auto& spec = service.get("spec");
  auto& families = spec.get("ipFamilies").items();
  path field("spec.ipFamilies");
  std::set<std::string_view> seen;
  bool free_choice = is_headless(service) && spec.get("selector").empty();
  for (size_t i = 0; i < families.size(); ++i) {
    auto family = families[i].str();
    if (family != "IPv4" && family != "IPv6")
      out.push_back(not_supported(field.index(i), family, {"IPv4", "IPv6"}));
    else if (family == "IPv6" && !free_choice && spec.get("ipFamilyPolicy").str() != "PreferDualStack")
      out.push_back(invalid(field.index(i), family, "not configured on this cluster"));
    if (!seen.insert(family).second)
      out.push_back(duplicate(field.index(i), family));
  }
  auto policy = spec.get("ipFamilyPolicy").str();
  if (policy == "RequireDualStack" && !free_choice)
    out.push_back(
      invalid("spec.ipFamilyPolicy", policy, "this cluster is not configured for dual-stack services"));
  else if (!policy.empty() && policy != "SingleStack" && policy != "PreferDualStack" &&
           policy != "RequireDualStack")
    out.push_back(
      not_supported("spec.ipFamilyPolicy", policy, {"PreferDualStack", "RequireDualStack", "SingleStack"}));
}

// True when every entry is an address, or the only one is "None".
bool validate_list(const draft& list, const path& field, field_errors& out) {
  bool valid = true;
  auto& items = list.items();
  for (size_t i = 0; i < items.size(); ++i) {
    if (i == 0 && items[i].str() == "None") {
      if (items.size() > 1)
        out.push_back(invalid(field, list, "'None' must be the first and only value"));
      valid &= items.size() == 1;
      continue;
    }
    valid &= meta::family_of(items[i].str()) != meta::ip_family::none;
    meta::validate_ip(items[i].str(), field.index(i), out);
  }
  if (items.size() > 2)
    out.push_back(invalid(field, list, "may only hold up to 2 values"));
  return valid;
}

void validate_list_against_families(const draft& spec, const path& field, field_errors& out) {
  auto& list = spec.get("clusterIPs").items();
  auto& families = spec.get("ipFamilies").items();
  if (list.size() > 1 && meta::family_of(list[0].str()) == meta::family_of(list[1].str()))
    out.push_back(
      invalid(field, spec.get("clusterIPs"), "may specify no more than one IP for each IP family"));
  for (size_t i = 0; i < list.size() && i < families.size(); ++i) {
    auto family = families[i].str();
    bool v6 = meta::family_of(list[i].str()) == meta::ip_family::v6;
    if ((family == "IPv4" && v6) || (family == "IPv6" && !v6))
      out.push_back(invalid(field.index(i), list[i],
                            "expected an " + std::string(family) + " value as indicated by `ipFamilies[" +
                              std::to_string(i) + "]`"));
  }
}

void compare_first(const draft& next, const draft& old, const path& field, std::string_view words,
                   field_errors& out) {
  auto& now = next.items();
  auto& before = old.items();
  for (size_t i = 0; i < before.size() && i < now.size(); ++i)
    if (now[i] != before[i])
      out.push_back(invalid(field.index(i), next, std::string(words)));
}

} // namespace

void validate_addresses(const draft& service, field_errors& out) {
  auto& spec = service.get("spec");
  if (spec.get("type").str() == "ExternalName")
    return;
  path field("spec.clusterIPs");
  auto& list = spec.get("clusterIPs");
  auto single = spec.get("clusterIP").str();
  if (single.empty() && !list.empty())
    out.push_back(invalid(field, list, "must be empty when `clusterIP` is not specified"));
  else if (!single.empty() && list.empty())
    out.push_back(required(field));
  else if (!single.empty() && list.items().front().str() != single)
    out.push_back(invalid(field, list, "first value must match `clusterIP`"));
  validate_families(service, out);
  if (validate_list(list, field, out) && !is_headless(service))
    validate_list_against_families(spec, field, out);
}

void validate_address_update(const draft& next, const draft& old, field_errors& out) {
  auto& spec = next.get("spec");
  auto& before = old.get("spec");
  if (spec.get("type").str() == "ExternalName" || before.get("type").str() == "ExternalName")
    return;
  bool headless = is_headless(next), was_headless = is_headless(old);
  if (headless && was_headless)
    return;
  path field("spec.clusterIPs");
  constexpr std::string_view unchangeable = "may not change once set";
  auto& list = spec.get("clusterIPs");
  if (list.empty() && !before.get("clusterIPs").empty())
    out.push_back(invalid(field.index(0), list, "primary clusterIP can not be unset"));
  compare_first(list, before.get("clusterIPs"), field, unchangeable, out);
  if (list.size() == 1 && before.get("clusterIPs").size() > 1 &&
      spec.get("ipFamilyPolicy").str() != "SingleStack")
    out.push_back(invalid("spec.ipFamilyPolicy", spec.get("ipFamilyPolicy"),
                          "must be set to 'SingleStack' when releasing the secondary clusterIP"));
  if (headless == was_headless)
    compare_first(spec.get("ipFamilies"), before.get("ipFamilies"), path("spec.ipFamilies"), unchangeable,
                  out);
}

} // namespace actors::apiserver::registry::core::service
