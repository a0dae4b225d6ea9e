// Who may do what until RBAC.
#include <catch2/catch.hpp>

#include "actors/apiserver/auth/authorize.hpp"

using actors::apiserver::auth::is_allowed;

TEST_CASE("masters may do everything, strangers nothing") {
  CHECK(is_allowed({"kubernetes-admin", {"system:masters"}}, "delete", "apps", "deployments"));
  CHECK_FALSE(is_allowed({"alice", {"system:authenticated"}}, "get", "", "pods"));
  CHECK_FALSE(is_allowed({"system:anonymous", {"system:unauthenticated"}}, "list", "", "pods"));
}

TEST_CASE("our own roles may do what their work needs and no more") {
  const actors::apiserver::auth::subject scheduler{"system:kube-scheduler", {"system:authenticated"}};
  CHECK(is_allowed(scheduler, "create", "", "pods/binding"));
  CHECK_FALSE(is_allowed(scheduler, "delete", "", "pods"));
  CHECK_FALSE(is_allowed(scheduler, "get", "", "secrets"));
  const actors::apiserver::auth::subject node{"system:node:a", {"system:nodes", "system:authenticated"}};
  CHECK(is_allowed(node, "patch", "", "pods/status"));
  CHECK_FALSE(is_allowed(node, "create", "apps", "deployments"));
  const actors::apiserver::auth::subject deployments{"system:serviceaccount:kube-system:deployment-controller", {}};
  CHECK(is_allowed(deployments, "create", "apps", "replicasets"));
  CHECK_FALSE(is_allowed(deployments, "create", "", "pods"));
}
