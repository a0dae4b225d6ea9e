// The registry's kinds as discovery documents.
#include "actors/apiserver/discovery/groups.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <set>

#include "actors/apiserver/registry/kind.hpp"

namespace actors::apiserver::discovery {

namespace {

struct group_version {
  std::string_view group, version;
  bool operator==(const group_version&) const = default;
};

/// In the registry's order.
std::vector<group_version> group_versions() {
  std::vector<group_version> result;
  for (const auto& kind : registry::kinds())
    if (const group_version item{kind.group, kind.version};
        std::find(result.begin(), result.end(), item) == result.end())
      result.push_back(item);
  return result;
}

std::vector<const registry::kind*> kinds_of(const group_version& wanted) {
  std::vector<const registry::kind*> result;
  for (const auto& kind : registry::kinds())
    if (kind.group == wanted.group && kind.version == wanted.version)
      result.push_back(&kind);
  std::sort(result.begin(), result.end(), [](auto* a, auto* b) { return a->plural < b->plural; });
  return result;
}

draft texts(std::vector<std::string_view> values, bool sorted) {
  if (sorted)
    std::sort(values.begin(), values.end());
  draft result = draft::make_array();
  for (const auto value : values)
    result.push_back(value);
  return result;
}

std::vector<registry::subresource> subresources_of(const registry::kind& kind) {
  auto result = kind.subresources;
  std::sort(result.begin(), result.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return result;
}

std::string join(const group_version& item) {
  return item.group.empty() ? std::string{item.version} : fmt::format("{}/{}", item.group, item.version);
}

draft version_entry(const group_version& item) {
  return draft::make_object({{"groupVersion", join(item)}, {"version", item.version}});
}

draft group_entry(std::string_view group) {
  draft versions = draft::make_array();
  for (const auto& item : group_versions())
    if (item.group == group)
      versions.push_back(version_entry(item));
  if (versions.empty())
    return {};
  draft preferred = versions.items().front();
  return draft::make_object(
    {{"name", group}, {"versions", std::move(versions)}, {"preferredVersion", std::move(preferred)}});
}

std::vector<std::string_view> named_groups() {
  std::vector<std::string_view> result;
  for (const auto& item : group_versions())
    if (!item.group.empty() && std::find(result.begin(), result.end(), item.group) == result.end())
      result.push_back(item.group);
  return result;
}

// ---- the aggregated form
// -------------------------------------------------------------------------------------

draft response_kind(std::string_view group, std::string_view version, std::string_view name) {
  return draft::make_object({{"group", group}, {"version", version}, {"kind", name}});
}

draft aggregated_resource(const registry::kind& kind) {
  draft resource = draft::make_object({
    {"resource", kind.plural},
    {"responseKind", response_kind("", "", kind.name)},
    {"scope", kind.namespaced ? "Namespaced" : "Cluster"},
    {"singularResource", kind.singular},
    {"verbs", texts(kind.verbs, true)},
  });
  if (!kind.short_names.empty())
    resource.set("shortNames", texts(kind.short_names, false));
  if (!kind.categories.empty())
    resource.set("categories", texts(kind.categories, false));
  draft subresources = draft::make_array();
  for (const auto& sub : subresources_of(kind))
    subresources.push_back(
      draft::make_object({{"subresource", sub.name},
                          {"responseKind", response_kind(sub.body_group, sub.body_version, sub.body_kind)},
                          {"verbs", texts(sub.verbs, true)}}));
  if (!subresources.empty())
    resource.set("subresources", std::move(subresources));
  return resource;
}

draft aggregated_group(std::string_view group) {
  draft versions = draft::make_array();
  for (const auto& item : group_versions()) {
    if (item.group != group)
      continue;
    draft resources = draft::make_array();
    for (const auto* kind : kinds_of(item))
      resources.push_back(aggregated_resource(*kind));
    versions.push_back(draft::make_object(
      {{"version", item.version}, {"resources", std::move(resources)}, {"freshness", "Current"}}));
  }
  draft metadata = draft::make_object();
  if (!group.empty())
    metadata.set("name", group);
  return draft::make_object({{"metadata", std::move(metadata)}, {"versions", std::move(versions)}});
}

} // namespace

draft api_versions(std::string_view address) {
  return draft::make_object({
    {"kind", "APIVersions"},
    {"versions", draft::make_array({"v1"})},
    {"serverAddressByClientCIDRs",
     draft::make_array({draft::make_object({{"clientCIDR", "0.0.0.0/0"}, {"serverAddress", address}})})},
  });
}

draft api_group_list() {
  draft groups = draft::make_array();
  for (const auto group : named_groups())
    groups.push_back(group_entry(group));
  return draft::make_object({{"kind", "APIGroupList"}, {"apiVersion", "v1"}, {"groups", std::move(groups)}});
}

draft api_group(std::string_view group) {
  draft entry = group.empty() ? draft{} : group_entry(group);
  if (entry.is_null())
    return entry;
  draft result = draft::make_object({{"kind", "APIGroup"}, {"apiVersion", "v1"}});
  for (auto& [name, value] : entry.members())
    result.set(name, std::move(value));
  return result;
}

draft api_resource_list(std::string_view group, std::string_view version) {
  const group_version wanted{group, version};
  const auto kinds = kinds_of(wanted);
  if (kinds.empty())
    return {};
  draft resources = draft::make_array();
  for (const auto* kind : kinds) {
    draft entry = draft::make_object({{"name", kind->plural},
                                      {"singularName", kind->singular},
                                      {"namespaced", kind->namespaced},
                                      {"kind", kind->name},
                                      {"verbs", texts(kind->verbs, true)}});
    if (!kind->short_names.empty())
      entry.set("shortNames", texts(kind->short_names, false));
    if (!kind->categories.empty())
      entry.set("categories", texts(kind->categories, false));
    resources.push_back(std::move(entry));
    for (const auto& sub : subresources_of(*kind)) {
      draft child = draft::make_object({{"name", fmt::format("{}/{}", kind->plural, sub.name)},
                                        {"singularName", ""},
                                        {"namespaced", kind->namespaced}});
      if (!sub.body_version.empty()) {
        child.set("group", sub.body_group);
        child.set("version", sub.body_version);
      }
      child.set("kind", sub.body_kind);
      child.set("verbs", texts(sub.verbs, true));
      resources.push_back(std::move(child));
    }
  }
  draft result = draft::make_object({{"kind", "APIResourceList"}});
  if (!group.empty())
    result.set("apiVersion", "v1");
  result.set("groupVersion", join(wanted));
  result.set("resources", std::move(resources));
  return result;
}

draft aggregated(bool core, std::string_view version) {
  draft items = draft::make_array();
  if (core)
    items.push_back(aggregated_group(""));
  else
    for (const auto group : named_groups())
      items.push_back(aggregated_group(group));
  return draft::make_object({{"kind", "APIGroupDiscoveryList"},
                             {"apiVersion", fmt::format("apidiscovery.k8s.io/{}", version)},
                             {"metadata", draft::make_object()},
                             {"items", std::move(items)}});
}

draft paths() {
  std::set<std::string> list = {"/api",         "/api/v1",       "/apis",   "/apis/",
                                "/healthz",     "/healthz/ping", "/livez",  "/livez/ping",
                                "/openapi/v2",  "/openapi/v3",   "/readyz", "/readyz/informer-sync",
                                "/readyz/ping", "/version"};
  for (const auto& item : group_versions()) {
    if (item.group.empty())
      continue;
    list.insert(fmt::format("/apis/{}", item.group));
    list.insert(fmt::format("/apis/{}/{}", item.group, item.version));
    list.insert(fmt::format("/openapi/v3/apis/{}/{}", item.group, item.version));
  }
  list.insert("/openapi/v3/api/v1");
  draft values = draft::make_array();
  for (const auto& path : list)
    values.push_back(path);
  return draft::make_object({{"paths", std::move(values)}});
}

} // namespace actors::apiserver::discovery
