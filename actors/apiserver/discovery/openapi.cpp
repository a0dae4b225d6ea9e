// Documents put together from definitions and paths.
#include "actors/apiserver/discovery/openapi.hpp"

#include <fmt/format.h>
#include <algorithm>

#include "actors/apiserver/discovery/definitions.hpp"
#include "actors/apiserver/discovery/openapi_paths.hpp"

namespace actors::apiserver::discovery {

namespace {

std::string document_name(const registry::kind& kind) {
  return kind.group.empty() ? fmt::format("api/{}", kind.version)
                            : fmt::format("apis/{}/{}", kind.group, kind.version);
}

/// The types that the kinds' verbs take and give.
std::vector<const type*> roots_of(const std::vector<const registry::kind*>& kinds) {
  const auto& schema = messages::codec::api_schema();
  std::vector<const type*> roots;
  const auto add = [&](std::string_view version, std::string_view name) {
    if (const auto* found = schema.find(version, name);
        found != nullptr && std::find(roots.begin(), roots.end(), found) == roots.end())
      roots.push_back(found);
  };
  add("v1", "Status");
  for (const auto* kind : kinds) {
    add(kind->api_version(), kind->name);
    for (const auto& sub : kind->subresources)
      if (sub.body_version.empty())
        add(kind->api_version(), sub.body_kind);
      else
        add(sub.body_group.empty() ? std::string{sub.body_version}
                                   : fmt::format("{}/{}", sub.body_group, sub.body_version),
            sub.body_kind);
  }
  return roots;
}

std::vector<const registry::kind*> kinds_where(std::string_view name) {
  std::vector<const registry::kind*> result;
  for (const auto& kind : registry::kinds())
    if (name.empty() || document_name(kind) == name)
      result.push_back(&kind);
  return result;
}

draft info(std::string_view version) {
  return draft::make_object({{"title", "Kubernetes"}, {"version", version}});
}

} // namespace

draft openapi_v2() {
  const auto kinds = kinds_where("");
  return draft::make_object({{"swagger", "2.0"},
                             {"info", info("v1.36.0")},
                             {"paths", make_paths(dialect::v2, kinds)},
                             {"definitions", make_definitions(dialect::v2, roots_of(kinds), kinds)}});
}

std::vector<std::string> openapi_v3_names() {
  std::vector<std::string> names;
  for (const auto& kind : registry::kinds())
    if (auto name = document_name(kind); std::find(names.begin(), names.end(), name) == names.end())
      names.push_back(std::move(name));
  return names;
}

draft openapi_v3(std::string_view name) {
  const auto kinds = kinds_where(name);
  if (name.empty() || kinds.empty())
    return {};
  return draft::make_object(
    {{"openapi", "3.0.0"},
     {"info", info("unversioned")},
     {"paths", make_paths(dialect::v3, kinds)},
     {"components",
      draft::make_object({{"schemas", make_definitions(dialect::v3, roots_of(kinds), kinds)}})}});
}

} // namespace actors::apiserver::discovery
