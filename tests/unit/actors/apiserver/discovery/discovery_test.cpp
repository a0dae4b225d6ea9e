// What discovery says of the served kinds equals what the published documents say.
#include <catch2/catch.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include "actors/apiserver/discovery/groups.hpp"
#include "actors/apiserver/registry/kind.hpp"
#include "messages/codec/json.hpp"

using namespace actors::apiserver;
using messages::codec::draft;

namespace {

std::filesystem::path reference_folder() {
  const char* set = std::getenv("TROUPE_KUBERNETES_API");
  return std::filesystem::path{set != nullptr ? set : "../shared/kubernetes-api"} / "discovery";
}

draft read(const std::string& name) {
  std::ifstream file{reference_folder() / name};
  std::stringstream text;
  text << file.rdbuf();
  auto parsed = messages::codec::parse_json(text.str(), {512, 64u << 20});
  REQUIRE(!parsed.error);
  return std::move(parsed.value);
}

const draft* find_named(const draft& list, std::string_view member, std::string_view name) {
  for (const auto& item : list.items())
    if (item.get(member).str() == name)
      return &item;
  return nullptr;
}

constexpr std::string_view own_group = "troupe.dev"; // in no published document

draft sorted(const draft& list) {
  auto items = list.items();
  std::sort(items.begin(), items.end(), [](const auto& a, const auto& b) { return a.str() < b.str(); });
  return draft::make_array(std::move(items));
}

} // namespace

TEST_CASE("resource lists equal the published ones for what is served") {
  if (!std::filesystem::exists(reference_folder())) {
    std::cout
      << "skipped: no discovery documents in ../shared/kubernetes-api (TROUPE_KUBERNETES_API overrides)\n";
    return;
  }
  for (const auto& kind : registry::kinds()) {
    if (kind.group == own_group)
      continue;
    const auto ours = discovery::api_resource_list(kind.group, kind.version);
    const auto theirs = read(kind.group.empty() ? "api__v1.json"
                                                : "apis__" + std::string{kind.group} + "__" +
                                                    std::string{kind.version} + ".json");
    for (const auto& item : ours.get("resources").items()) {
      INFO(item.get("name").str());
      const auto* published = find_named(theirs.get("resources"), "name", item.get("name").str());
      REQUIRE(published != nullptr);
      for (const auto member : {"kind", "namespaced", "singularName", "group", "version"})
        CHECK(item.get(member) == published->get(member));
      CHECK(item.get("shortNames") == published->get("shortNames"));
      CHECK(item.get("categories") == published->get("categories"));
      CHECK(sorted(item.get("verbs")) == sorted(published->get("verbs")));
    }
  }
}

TEST_CASE("the aggregated document equals the published one for what is served") {
  if (!std::filesystem::exists(reference_folder())) {
    std::cout
      << "skipped: no discovery documents in ../shared/kubernetes-api (TROUPE_KUBERNETES_API overrides)\n";
    return;
  }
  const auto ours = discovery::aggregated(false, "v2");
  const auto theirs = read("aggregated_v2.json");
  for (const auto& group : ours.get("items").items()) {
    if (group.at({"metadata", "name"}).str() == own_group)
      continue;
    const draft* published = nullptr;
    for (const auto& item : theirs.get("items").items())
      if (item.at({"metadata", "name"}) == group.at({"metadata", "name"}))
        published = &item;
    REQUIRE(published != nullptr);
    for (const auto& version : group.get("versions").items()) {
      const auto* other = find_named(published->get("versions"), "version", version.get("version").str());
      REQUIRE(other != nullptr);
      for (const auto& resource : version.get("resources").items()) {
        INFO(resource.get("resource").str());
        const auto* same = find_named(other->get("resources"), "resource", resource.get("resource").str());
        REQUIRE(same != nullptr);
        for (const auto member : {"responseKind", "scope", "singularResource", "shortNames", "categories"})
          CHECK(resource.get(member) == same->get(member));
        CHECK(sorted(resource.get("verbs")) == sorted(same->get("verbs")));
        for (const auto& sub : resource.get("subresources").items()) {
          INFO(sub.get("subresource").str());
          const auto* child =
            find_named(same->get("subresources"), "subresource", sub.get("subresource").str());
          REQUIRE(child != nullptr);
          CHECK(sub.get("responseKind") == child->get("responseKind"));
          CHECK(sorted(sub.get("verbs")) == sorted(child->get("verbs")));
        }
      }
    }
  }
}

TEST_CASE("Troupe's own group is listed with its kinds and without short names") {
  const auto list = discovery::api_resource_list(own_group, "v1");
  std::vector<std::string> names;
  for (const auto& item : list.get("resources").items()) {
    names.emplace_back(item.get("name").str());
    CHECK(item.get("namespaced").boolean() == false);
    CHECK(item.get("shortNames").empty());
    CHECK(item.get("categories").empty());
  }
  CHECK(names == std::vector<std::string>{"hosts", "hosts/status", "placements", "placements/status", "roles",
                                          "roles/status", "shards", "shards/status"});
  const auto groups = discovery::api_group_list();
  CHECK(groups.get("groups").items().back().get("name").str() == own_group);
}
