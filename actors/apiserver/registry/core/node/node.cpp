// Node.
#include "actors/apiserver/registry/core/node/node.hpp"

#include <set>

#include "actors/apiserver/registry/core/node/taints.hpp"
#include "actors/apiserver/registry/fields.hpp"
#include "actors/apiserver/registry/meta/network.hpp"
#include "actors/apiserver/registry/meta/object_meta.hpp"
#include "actors/apiserver/registry/meta/strategy.hpp"
#include "actors/apiserver/registry/pod_template/resources.hpp"
#include "actors/apiserver/registry/table/columns.hpp"
#include "actors/apiserver/registry/verbs.hpp"

namespace actors::apiserver::registry::core::node {

namespace {

// podCIDR is the first of podCIDRs; a client that knows only the older field wins.
void match_pod_cidrs(draft& spec) {
  auto single = std::string(spec.get("podCIDR").str());
  auto& list = spec.get("podCIDRs");
  auto first = list.empty() ? std::string() : std::string(list.items().front().str());
  if (!single.empty() && single != first)
    spec.set("podCIDRs", draft::make_array({single}));
  else if (single.empty() && !first.empty())
    spec.set("podCIDR", first);
}

void apply_defaults(draft& object) {
  if (auto* spec = object_at(object, "spec"))
    match_pod_cidrs(*spec);
  auto* status = object_at(object, "status");
  if (!status)
    return;
  for (std::string_view list : {"capacity", "allocatable"})
    if (auto* resources = object_at(*status, list))
      pod_template::round_up(*resources);
  if (has(*status, "capacity") && !has(*status, "allocatable"))
    status->set("allocatable", draft(status->get("capacity")));
}

void validate_resources(const draft& status, field_errors& out) {
  for (std::string_view list : {"capacity", "allocatable"})
    for (auto& [name, quantity] : status.get(list).members())
      pod_template::validate_quantity(name, quantity, path("status").child(list, name), out);
}

void validate_pod_cidrs(const draft& list, field_errors& out) {
  path field("spec.podCIDRs");
  std::set<std::string_view> seen;
  int v4 = 0, v6 = 0;
  for (size_t i = 0; i < list.size(); ++i) {
    auto cidr = list.items()[i].str();
    meta::validate_cidr(cidr, field.index(i), out);
    auto family = meta::family_of_cidr(cidr);
    v4 += family == meta::ip_family::v4;
    v6 += family == meta::ip_family::v6;
  }
  if (list.size() > 1 && (v4 > 1 || v6 > 1 || list.size() > 2))
    out.push_back(invalid(field, list, "may specify no more than one CIDR for each IP family"));
  for (size_t i = 0; i < list.size(); ++i)
    if (!seen.insert(list.items()[i].str()).second)
      out.push_back(duplicate(field.index(i), list.items()[i]));
}

void validate(const draft& object, field_errors& out) {
  meta::validate_object_meta(object, false, meta::name_is_dns_subdomain, out);
  validate_taints(object.get("spec").get("taints"), path("metadata.taints"), out);
  validate_resources(object.get("status"), out);
  validate_pod_cidrs(object.get("spec").get("podCIDRs"), out);
}

void validate_addresses(const draft& addresses, field_errors& out) {
  std::set<std::pair<std::string_view, std::string_view>> seen;
  for (size_t i = 0; i < addresses.size(); ++i) {
    auto& address = addresses.items()[i];
    if (!seen.emplace(address.get("type").str(), address.get("address").str()).second)
      out.push_back(duplicate(path("status.addresses").index(i), address));
  }
}

void validate_update(const draft& next, const draft& old, field_errors& out) {
  meta::validate_object_meta_update(next, old, out);
  validate_resources(next.get("status"), out);
  validate_addresses(next.get("status").get("addresses"), out);
  auto& spec = next.get("spec");
  auto& before = old.get("spec");
  if (!before.get("podCIDRs").empty() && before.get("podCIDRs") != spec.get("podCIDRs"))
    out.push_back(
      forbidden("spec.podCIDRs", "node updates may not change podCIDR except from \"\" to valid"));
  if (has_text(before, "providerID") && before.get("providerID").str() != spec.get("providerID").str())
    out.push_back(
      forbidden("spec.providerID", "node updates may not change providerID except from \"\" to valid"));
  validate_taints(spec.get("taints"), path("metadata.taints"), out);
  if (spec.get("externalID").str() != before.get("externalID").str())
    out.push_back(forbidden("spec.externalID", "may not be updated"));
}

std::string address_of(const draft& object, std::string_view type) {
  for (auto& address : object.get("status").get("addresses").items())
    if (address.get("type").str() == type)
      return std::string(address.get("address").str());
  return "<none>";
}

std::string readiness(const draft& object) {
  std::string out = "Unknown";
  for (auto& condition : object.get("status").get("conditions").items())
    if (condition.get("type").str() == "Ready")
      out = condition.get("status").str() == "True" ? "Ready" : "NotReady";
  if (object.get("spec").get("unschedulable").boolean())
    out += ",SchedulingDisabled";
  return out;
}

std::string roles(const draft& object) {
  constexpr std::string_view prefix = "node-role.kubernetes.io/";
  std::set<std::string> names;
  for (auto& [key, value] : object.get("metadata").get("labels").members()) {
    if (key.starts_with(prefix) && key.size() > prefix.size())
      names.emplace(key.substr(prefix.size()));
    else if (key == "kubernetes.io/role" && !value.str().empty())
      names.emplace(value.str());
  }
  std::string out;
  for (auto& name : names)
    out.append(out.empty() ? "" : ",").append(name);
  return table::or_none(out);
}

void cells(const draft& object, int64_t now_seconds, std::vector<draft>& out) {
  auto& info = object.get("status").get("nodeInfo");
  auto known = [&](std::string_view key) {
    auto text = info.get(key).str();
    return text.empty() ? std::string("<unknown>") : std::string(text);
  };
  out.push_back(table::name_of(object));
  out.push_back(readiness(object));
  out.push_back(roles(object));
  out.push_back(table::age(object, now_seconds));
  out.push_back(info.get("kubeletVersion").str());
  out.push_back(address_of(object, "InternalIP"));
  out.push_back(address_of(object, "ExternalIP"));
  out.push_back(known("osImage"));
  out.push_back(known("kernelVersion"));
  out.push_back(known("containerRuntimeVersion"));
}

} // namespace

kind describe() {
  kind k{.group = "", .version = "v1", .name = "Node", .plural = "nodes", .singular = "node"};
  k.short_names = {"no"};
  k.namespaced = false;
  k.shard = "main";
  k.key_prefix = "/nodes/";
  k.verbs = all_verbs;
  k.subresources = {status_subresource("Node")};
  k.has_status = true;
  k.selectable_fields = {{"spec.unschedulable", {"spec", "unschedulable"}, "false"}};
  k.apply_defaults = apply_defaults;
  // A node may be created with its status: a kubelet registers itself with one write.
  k.prepare_create = meta::prepare_nothing_on_create;
  k.prepare_update = meta::keep_status;
  k.prepare_status_update = meta::keep_spec;
  k.validate = validate;
  k.validate_update = validate_update;
  k.validate_status_update = validate_update;
  k.columns = {table::name_column,
               table::text_column("Status", "The status of the node."),
               table::text_column("Roles", "The roles of the node."),
               table::age_column,
               table::text_column("Version", "The version of the node's kubelet."),
               table::text_column("Internal-IP", "The first internal address of the node.", 1),
               table::text_column("External-IP", "The first external address of the node.", 1),
               table::text_column("OS-Image", "The operating system of the node.", 1),
               table::text_column("Kernel-Version", "The kernel of the node.", 1),
               table::text_column("Container-Runtime", "The container runtime of the node.", 1)};
  k.cells = cells;
  return k;
}

} // namespace actors::apiserver::registry::core::node
