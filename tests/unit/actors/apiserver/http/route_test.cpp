#include <catch2/catch.hpp>

#include "actors/apiserver/http/route.hpp"

using namespace actors::apiserver::http;

namespace {
route routed(std::string_view method, std::string_view target) {
  return find_route(method, *parse_url(target));
}
} // namespace

TEST_CASE("verbs follow from method, name and watch") {
  CHECK(routed("GET", "/api/v1/pods").verb == "list");
  CHECK(routed("GET", "/api/v1/pods?watch=true").verb == "watch");
  CHECK(routed("GET", "/api/v1/pods?watch=false").verb == "list");
  CHECK(routed("GET", "/api/v1/namespaces/x/pods/y").verb == "get");
  CHECK(routed("POST", "/api/v1/namespaces/x/pods").verb == "create");
  CHECK(routed("PUT", "/api/v1/namespaces/x/pods/y").verb == "update");
  CHECK(routed("PATCH", "/api/v1/namespaces/x/pods/y").verb == "patch");
  CHECK(routed("DELETE", "/api/v1/namespaces/x/pods/y").verb == "delete");
  CHECK(routed("DELETE", "/api/v1/namespaces/x/pods").verb == "deletecollection");
}

TEST_CASE("namespaces are a resource and a scope") {
  auto where = routed("GET", "/api/v1/namespaces/kube-system");
  CHECK(where.resource == "namespaces");
  CHECK(where.name == "kube-system");
  CHECK(where.kind != nullptr);
  where = routed("PUT", "/api/v1/namespaces/kube-system/finalize");
  CHECK(where.resource == "namespaces");
  CHECK(where.subresource == "finalize");
  CHECK(serves(where));
  where = routed("GET", "/apis/apps/v1/namespaces/x/deployments/d/scale");
  CHECK(where.name_space == "x");
  CHECK(where.resource == "deployments");
  CHECK(where.subresource == "scale");
  CHECK(serves(where));
}

TEST_CASE("paths that name nothing have no kind") {
  CHECK(routed("GET", "/api/v1/namespaces/x/nodes").kind == nullptr);
  CHECK(routed("GET", "/api/v1/pods/web").kind == nullptr);
  CHECK(routed("GET", "/apis/apps/v1/pods").kind == nullptr);
  CHECK_FALSE(routed("GET", "/apis/apps/v1").is_resource);
  CHECK_FALSE(routed("GET", "/healthz").is_resource);
  CHECK(routed("GET", "/api/v1/namespaces/x/pods/a/log/b").extra_segments);
}
