// The generated OpenAPI documents hold together: every reference resolves, every kind can be found, and what
// clients look for is there.
#include <catch2/catch.hpp>

#include <functional>

#include "actors/apiserver/discovery/definitions.hpp"
#include "actors/apiserver/discovery/gnostic.hpp"
#include "actors/apiserver/discovery/openapi.hpp"
#include "actors/apiserver/http/protobuf/wire.hpp"
#include "actors/apiserver/registry/kind.hpp"

using namespace actors::apiserver;
using namespace actors::apiserver::discovery;

namespace {

void check_references(const draft& value, const draft& definitions, std::string_view prefix, size_t& count) {
  for (const auto& item : value.items())
    check_references(item, definitions, prefix, count);
  for (const auto& [name, item] : value.members()) {
    if (name == "$ref" && item.is_string()) {
      INFO(item.str());
      REQUIRE(item.str().starts_with(prefix));
      REQUIRE(definitions.contains(item.str().substr(prefix.size())));
      ++count;
    }
    check_references(item, definitions, prefix, count);
  }
}

} // namespace

TEST_CASE("references in both dialects resolve") {
  size_t count = 0;
  const auto v2 = openapi_v2();
  check_references(v2, v2.get("definitions"), "#/definitions/", count);
  for (const auto& name : openapi_v3_names()) {
    const auto v3 = openapi_v3(name);
    check_references(v3, v3.at({"components", "schemas"}), "#/components/schemas/", count);
  }
  CHECK(count > 500);
}

TEST_CASE("kinds carry their identity, lists their keys, patches their parameters") {
  const auto document = openapi_v3("apis/apps/v1");
  const auto& schemas = document.at({"components", "schemas"});
  const auto& deployment = schemas.get("io.k8s.api.apps.v1.Deployment");
  CHECK(deployment.get("x-kubernetes-group-version-kind").items().at(0) ==
        group_version_kind("apps", "v1", "Deployment"));
  const auto& containers = schemas.at({"io.k8s.api.core.v1.PodSpec", "properties", "containers"});
  CHECK(containers.get("x-kubernetes-patch-merge-key").str() == "name");
  CHECK(containers.get("x-kubernetes-list-type").str() == "map");
  const auto& patch =
    document.at({"paths", "/apis/apps/v1/namespaces/{namespace}/deployments/{name}", "patch"});
  CHECK(patch.get("x-kubernetes-group-version-kind") == group_version_kind("apps", "v1", "Deployment"));
  bool validation = false;
  for (const auto& parameter : patch.get("parameters").items())
    validation = validation || parameter.get("name").str() == "fieldValidation";
  CHECK(validation);
}

TEST_CASE("the protobuf form has every definition and path") {
  const auto document = openapi_v2();
  const auto bytes = encode_gnostic_v2(document);
  http::protobuf::reader outer{bytes};
  size_t definitions = 0, paths = 0;
  while (const auto field = outer.next()) {
    if (field->number != 8 && field->number != 9)
      continue;
    http::protobuf::reader inner{field->bytes};
    while (inner.next())
      ++(field->number == 9 ? definitions : paths);
    CHECK_FALSE(inner.damaged());
  }
  CHECK_FALSE(outer.damaged());
  CHECK(definitions == document.get("definitions").size());
  CHECK(paths == document.get("paths").size());
}

TEST_CASE("Troupe's own kinds are documented under their own name") {
  const auto document = openapi_v3("apis/troupe.dev/v1");
  const auto& schemas = document.at({"components", "schemas"});
  CHECK(schemas.get("dev.troupe.v1.Role").get("x-kubernetes-group-version-kind").items().at(0) ==
        group_version_kind("troupe.dev", "v1", "Role"));
  CHECK(schemas.contains("dev.troupe.v1.RoleList"));
  CHECK(schemas.at({"dev.troupe.v1.RoleStatus", "properties", "epoch", "description"}).str().size() > 20);
  CHECK(document.get("paths").contains("/apis/troupe.dev/v1/roles/{name}/status"));
}
