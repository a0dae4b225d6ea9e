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
  const actors::apiserver::auth::subject podgc{"system:serviceaccount:kube-system:pod-garbage-collector", {}};
  CHECK(is_allowed(podgc, "delete", "", "pods"));
  CHECK(is_allowed(podgc, "patch", "", "pods/status"));
  CHECK(is_allowed(podgc, "get", "", "nodes"));
  CHECK_FALSE(is_allowed(podgc, "delete", "", "nodes"));
  CHECK_FALSE(is_allowed(podgc, "create", "", "pods"));
}

TEST_CASE("hosts keep the group troupe.dev, everybody who is known may read it") {
  const actors::apiserver::auth::subject host{"system:troupe-host:host-a", {"system:troupe-hosts", "system:authenticated"}};
  CHECK(is_allowed(host, "create", "troupe.dev", "roles"));
  CHECK(is_allowed(host, "update", "troupe.dev", "roles/status"));
  CHECK(is_allowed(host, "delete", "troupe.dev", "hosts"));
  CHECK(is_allowed(host, "create", "", "events"));
  CHECK_FALSE(is_allowed(host, "get", "", "secrets"));
  const actors::apiserver::auth::subject alice{"alice", {"system:authenticated"}};
  CHECK(is_allowed(alice, "watch", "troupe.dev", "roles"));
  CHECK_FALSE(is_allowed(alice, "patch", "troupe.dev", "roles/status"));
  CHECK_FALSE(is_allowed(alice, "create", "troupe.dev", "placements"));
  CHECK_FALSE(is_allowed({"system:anonymous", {"system:unauthenticated"}}, "list", "troupe.dev", "roles"));
  CHECK(is_allowed({"kubernetes-admin", {"system:masters"}}, "update", "troupe.dev", "placements"));
}
