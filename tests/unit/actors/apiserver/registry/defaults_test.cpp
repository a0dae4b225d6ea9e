// Defaults: what a client may leave out.
#include "samples.hpp"

#include "messages/codec/codec.hpp"

using namespace samples;

namespace {

/// `given` after defaulting equals `expected`; members that `expected` does not name are not looked at.
void check_defaults(std::string_view kind_name, std::string_view given, std::string_view expected) {
  auto object = json(given);
  kind_of(kind_name).apply_defaults(object);
  std::vector<std::pair<std::string, std::pair<draft, draft>>> pending{{"", {object, json(expected)}}};
  while (!pending.empty()) {
    auto [at, pair] = pending.back();
    pending.pop_back();
    auto& [got, want] = pair;
    if (want.is_object() && !want.empty()) {
      for (auto& [key, value] : want.members())
        pending.push_back({at + "." + key, {got.get(key), value}});
    } else if (want.is_array() && got.is_array() && want.size() == got.size()) {
      for (size_t i = 0; i < want.size(); ++i)
        pending.push_back({at + "[" + std::to_string(i) + "]", {got.items()[i], want.items()[i]}});
    } else {
      INFO(kind_name << at);
      CHECK(messages::codec::to_json(got) == messages::codec::to_json(want));
    }
  }
  auto twice = object;
  kind_of(kind_name).apply_defaults(twice);
  CHECK(twice == object);
}

} // namespace

TEST_CASE("a pod's spec and containers get upstream's defaults") {
  check_defaults(
    "Pod", R"({"spec":{"containers":[{"name":"a","image":"a"}]}})",
    R"({"spec":{"restartPolicy":"Always","terminationGracePeriodSeconds":30,"dnsPolicy":"ClusterFirst",
                     "securityContext":{},"schedulerName":"default-scheduler","enableServiceLinks":true,
                     "serviceAccountName":null,
                     "containers":[{"name":"a","image":"a","imagePullPolicy":"Always","resources":null,
                       "terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File"}]}})");
}

TEST_CASE("a template has fewer defaults than a pod") {
  check_defaults(
    "ReplicaSet", R"({"spec":{"template":{"spec":{"hostNetwork":true,"containers":[{"name":"a","image":"a:1",
                   "ports":[{"containerPort":80}],"resources":{"limits":{"cpu":"1"}}}]}}}})",
    R"({"spec":{"replicas":1,"template":{"spec":{"enableServiceLinks":null,"dnsPolicy":"ClusterFirst",
                   "containers":[{"ports":[{"containerPort":80,"hostPort":null,"protocol":"TCP"}],
                     "resources":{"limits":{"cpu":"1"},"requests":null}}]}}}})");
}

TEST_CASE("the pull policy follows the tag") {
  auto policy_of = [](std::string image) {
    auto pod = json(R"({"spec":{"containers":[{"name":"a"}]}})");
    pod["spec"]["containers"].items()[0].set("image", image);
    kind_of("Pod").apply_defaults(pod);
    return std::string(pod.get("spec").get("containers").items()[0].get("imagePullPolicy").str());
  };
  CHECK(policy_of("web") == "Always");
  CHECK(policy_of("web:latest") == "Always");
  CHECK(policy_of("web:1.0") == "IfNotPresent");
  CHECK(policy_of("registry:5000/web") == "Always");
  CHECK(policy_of("registry:5000/web:2") == "IfNotPresent");
  CHECK(policy_of("web@sha256:0123") == "IfNotPresent");
  CHECK(policy_of("web:latest@sha256:0123") == "Always");
  CHECK(policy_of("") == "IfNotPresent");
}

TEST_CASE("limits are requests, host ports follow the host's network") {
  check_defaults(
    "Pod",
    R"({"spec":{"hostNetwork":true,"containers":[{"name":"a","image":"a","ports":[{"containerPort":80}],
                   "resources":{"limits":{"cpu":"500m","memory":"1Gi"},"requests":{"cpu":"100m"}}}]}})",
    R"({"spec":{"containers":[{"ports":[{"containerPort":80,"hostPort":80,"protocol":"TCP"}],
                   "resources":{"requests":{"cpu":"100m","memory":"1Gi"}}}]}})");
  check_defaults("Pod", R"({"spec":{"resources":{"limits":{"cpu":"2","memory":"1Gi"}},"containers":[
                   {"name":"a","resources":{"requests":{"cpu":"100m"}}},{"name":"b","resources":{"requests":{"cpu":"200m"}}}]}})",
                 R"({"spec":{"resources":{"requests":{"cpu":"300m","memory":"1Gi"}}}})");
}

TEST_CASE("probes, hooks and environment") {
  check_defaults("Pod", R"({"spec":{"containers":[{"name":"a","image":"a",
                   "livenessProbe":{"httpGet":{"port":80}},"readinessProbe":{"grpc":{"port":9}},
                   "startupProbe":{"exec":{"command":["x"]},"periodSeconds":3,"failureThreshold":0},
                   "lifecycle":{"preStop":{"httpGet":{"port":80,"path":"/bye","scheme":"HTTPS"}}},
                   "env":[{"name":"A","valueFrom":{"fieldRef":{"fieldPath":"metadata.name"}}}]}]}})",
                 R"({"spec":{"containers":[{
                   "livenessProbe":{"httpGet":{"port":80,"path":"/","scheme":"HTTP"},"timeoutSeconds":1,"periodSeconds":10,
                     "successThreshold":1,"failureThreshold":3},
                   "readinessProbe":{"grpc":{"port":9,"service":""}},
                   "startupProbe":{"periodSeconds":3,"failureThreshold":3},
                   "lifecycle":{"preStop":{"httpGet":{"path":"/bye","scheme":"HTTPS"}}},
                   "env":[{"valueFrom":{"fieldRef":{"apiVersion":"v1","fieldPath":"metadata.name"}}}]}]}})");
}

TEST_CASE("volumes") {
  check_defaults("Pod",
                 R"({"spec":{"containers":[],"volumes":[{"name":"a"},{"name":"b","hostPath":{"path":"/x"}},
                   {"name":"c","configMap":{"name":"c"}},{"name":"d","secret":{"secretName":"d","defaultMode":256}},
                   {"name":"e","projected":{"sources":[{"serviceAccountToken":{"path":"t"}},
                     {"downwardAPI":{"items":[{"path":"p","fieldRef":{"fieldPath":"metadata.name"}}]}}]}},
                   {"name":"f","image":{"reference":"img:1"}}]}})",
                 R"({"spec":{"volumes":[{"emptyDir":{}},{"hostPath":{"path":"/x","type":""}},
                   {"configMap":{"defaultMode":420}},{"secret":{"defaultMode":256}},
                   {"projected":{"defaultMode":420,"sources":[{"serviceAccountToken":{"expirationSeconds":3600}},
                     {"downwardAPI":{"items":[{"fieldRef":{"apiVersion":"v1"}}]}}]}},
                   {"image":{"pullPolicy":"IfNotPresent"}}]}})");
}

TEST_CASE("both names of the service account are shown") {
  check_defaults("Pod", R"({"spec":{"serviceAccount":"a"}})",
                 R"({"spec":{"serviceAccount":"a","serviceAccountName":"a"}})");
  check_defaults("Pod", R"({"spec":{"serviceAccount":"a","serviceAccountName":"b"}})",
                 R"({"spec":{"serviceAccount":"b","serviceAccountName":"b"}})");
}

TEST_CASE("quantities are rounded up to thousandths") {
  check_defaults(
    "Pod",
    R"({"spec":{"containers":[{"name":"a","resources":{"requests":{"cpu":"1.0001","memory":"1Gi"}}}]}})",
    R"({"spec":{"containers":[{"resources":{"requests":{"cpu":"1001m","memory":"1Gi"}}}]}})");
}

TEST_CASE("a deployment") {
  check_defaults("Deployment", "{}",
                 R"({"spec":{"replicas":1,"revisionHistoryLimit":10,"progressDeadlineSeconds":600,
                   "strategy":{"type":"RollingUpdate","rollingUpdate":{"maxUnavailable":"25%","maxSurge":"25%"}}}})");
  check_defaults("Deployment", R"({"spec":{"replicas":0,"strategy":{"type":"Recreate"}}})",
                 R"({"spec":{"replicas":0,"strategy":{"type":"Recreate","rollingUpdate":null}}})");
  check_defaults("Deployment", R"({"spec":{"strategy":{"rollingUpdate":{"maxSurge":0}}}})",
                 R"({"spec":{"strategy":{"rollingUpdate":{"maxSurge":0,"maxUnavailable":"25%"}}}})");
}

TEST_CASE("a service") {
  check_defaults("Service",
                 R"({"spec":{"ports":[{"port":80},{"port":53,"protocol":"UDP","targetPort":"dns"}]}})",
                 R"({"spec":{"type":"ClusterIP","sessionAffinity":"None","internalTrafficPolicy":"Cluster",
                   "externalTrafficPolicy":null,
                   "ports":[{"port":80,"protocol":"TCP","targetPort":80},{"port":53,"protocol":"UDP","targetPort":"dns"}]}})");
  check_defaults("Service", R"({"spec":{"type":"NodePort"}})",
                 R"({"spec":{"externalTrafficPolicy":"Cluster"}})");
  check_defaults("Service", R"({"spec":{"type":"LoadBalancer"}})",
                 R"({"spec":{"externalTrafficPolicy":"Cluster","allocateLoadBalancerNodePorts":true}})");
  check_defaults("Service", R"({"spec":{"type":"ExternalName"}})",
                 R"({"spec":{"internalTrafficPolicy":null}})");
  check_defaults("Service", R"({"spec":{"sessionAffinity":"ClientIP"}})",
                 R"({"spec":{"sessionAffinityConfig":{"clientIP":{"timeoutSeconds":10800}}}})");
}

TEST_CASE("the other kinds") {
  check_defaults(
    "Namespace", R"({"metadata":{"name":"a"}})",
    R"({"metadata":{"labels":{"kubernetes.io/metadata.name":"a"}},"status":{"phase":"Active"}})");
  check_defaults("Secret", R"({"stringData":{"a":"hello"},"data":{"a":"eA==","b":"eA=="}})",
                 R"({"type":"Opaque","stringData":null,"data":{"a":"aGVsbG8=","b":"eA=="}})");
  check_defaults("Endpoints", R"({"subsets":[{"ports":[{"port":80}]}]})",
                 R"({"subsets":[{"ports":[{"protocol":"TCP"}]}]})");
  check_defaults("EndpointSlice", R"({"ports":[{"port":80}]})",
                 R"({"ports":[{"name":"","protocol":"TCP"}]})");
  check_defaults(
    "Node", R"({"spec":{"podCIDR":"10.0.0.0/24"},"status":{"capacity":{"cpu":"1.5"}}})",
    R"({"spec":{"podCIDRs":["10.0.0.0/24"]},"status":{"capacity":{"cpu":"1500m"},"allocatable":{"cpu":"1500m"}}})");
}
