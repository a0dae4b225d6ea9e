// Objects as upstream's API server answers them come out of the codec as they went in.
#include "messages/codec/codec.hpp"

#include "messages/api/core/v1/config_generated.h"
#include "messages/api/core/v1/pod_generated.h"
#include "messages/api/meta/v1/meta_generated.h"

#include <catch2/catch.hpp>

using namespace messages::codec;

namespace {

const type& kind_of(const draft& value) {
  auto t = api_schema().find(value.get("apiVersion").str(), value.get("kind").str());
  REQUIRE(t);
  return *t;
}

object_buffer packed(std::string_view text) {
  auto read = parse_json(text);
  REQUIRE_FALSE(read.error);
  const auto& t = kind_of(read.value);
  auto refused = check(t, read.value, read.strict_errors);
  INFO((refused ? refused->path + " " + refused->message : ""));
  REQUIRE_FALSE(refused);
  REQUIRE(read.strict_errors == std::vector<std::string>{});
  auto out = pack(t, read.value);
  REQUIRE_FALSE(out.error);
  REQUIRE(verify(t, out.object));
  return out.object;
}

void comes_back(std::string_view text) {
  auto before = parse_json(text).value;
  std::string after;
  encode_json(kind_of(before), packed(text), 0, after);
  INFO(after);
  CHECK(parse_json(after).value == before);
}

} // namespace

TEST_CASE("a pod") {
  comes_back(R"({"kind":"Pod","apiVersion":"v1","metadata":{"name":"web-0","namespace":"default","uid":"8f1e","generation":1,
    "creationTimestamp":"2024-02-29T12:30:45Z","labels":{"app":"web"},"ownerReferences":[{"apiVersion":"apps/v1","kind":"ReplicaSet",
    "name":"web","uid":"77","controller":true,"blockOwnerDeletion":true}]},
    "spec":{"volumes":[{"name":"tmp","emptyDir":{}},{"name":"cfg","configMap":{"name":"c","defaultMode":420}},
      {"name":"kube-api-access","projected":{"sources":[{"serviceAccountToken":{"expirationSeconds":3607,"path":"token"}},
      {"configMap":{"name":"kube-root-ca.crt","items":[{"key":"ca.crt","path":"ca.crt"}]}},
      {"downwardAPI":{"items":[{"path":"namespace","fieldRef":{"apiVersion":"v1","fieldPath":"metadata.namespace"}}]}}],"defaultMode":420}}],
    "containers":[{"name":"web","image":"nginx:1.25","command":["/bin/sh","-c"],"args":["echo \"a\" && sleep 1"],
      "ports":[{"name":"http","containerPort":80,"protocol":"TCP"}],
      "env":[{"name":"EMPTY"},{"name":"A","value":"1"},{"name":"IP","valueFrom":{"fieldRef":{"apiVersion":"v1","fieldPath":"status.podIP"}}}],
      "resources":{"limits":{"cpu":"500m","memory":"128Mi"},"requests":{"cpu":"250m","memory":"64Mi"}},
      "volumeMounts":[{"name":"tmp","mountPath":"/tmp"},{"name":"cfg","readOnly":true,"mountPath":"/etc/web"}],
      "livenessProbe":{"httpGet":{"path":"/","port":"http","scheme":"HTTP"},"timeoutSeconds":1,"periodSeconds":10,"successThreshold":1,"failureThreshold":3},
      "readinessProbe":{"tcpSocket":{"port":80},"initialDelaySeconds":5},
      "lifecycle":{"preStop":{"exec":{"command":["sleep","5"]}}},
      "terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File","imagePullPolicy":"IfNotPresent",
      "securityContext":{"capabilities":{"add":["NET_ADMIN"],"drop":["ALL"]},"privileged":false,"runAsUser":0}},
      {"name":"bare","resources":{}}],
    "restartPolicy":"Always","terminationGracePeriodSeconds":0,"dnsPolicy":"ClusterFirst","nodeSelector":{"disk":"ssd"},
    "serviceAccountName":"default","serviceAccount":"default","nodeName":"node-a","securityContext":{},"schedulerName":"default-scheduler",
    "affinity":{"podAntiAffinity":{"preferredDuringSchedulingIgnoredDuringExecution":[{"weight":100,"podAffinityTerm":
      {"labelSelector":{"matchExpressions":[{"key":"app","operator":"In","values":["web"]}]},"topologyKey":"kubernetes.io/hostname"}}]}},
    "tolerations":[{"key":"node.kubernetes.io/not-ready","operator":"Exists","effect":"NoExecute","tolerationSeconds":300}],
    "priority":0,"enableServiceLinks":true,"preemptionPolicy":"PreemptLowerPriority"},
    "status":{"phase":"Running","conditions":[{"type":"Ready","status":"True","lastProbeTime":null,"lastTransitionTime":"2024-02-29T12:30:50Z"}],
      "hostIP":"10.0.0.1","podIP":"10.244.0.5","podIPs":[{"ip":"10.244.0.5"}],"startTime":"2024-02-29T12:30:46Z",
      "containerStatuses":[{"name":"web","state":{"running":{"startedAt":"2024-02-29T12:30:49Z"}},"lastState":{"terminated":{"exitCode":0,
      "reason":"Completed","startedAt":"2024-02-29T12:30:47Z","finishedAt":"2024-02-29T12:30:48Z","containerID":"containerd://1"}},
      "ready":true,"restartCount":1,"image":"nginx:1.25","imageID":"sha256:1","containerID":"containerd://2","started":true},
      {"name":"bare","state":{"waiting":{"reason":"ContainerCreating"}},"lastState":{},"ready":false,"restartCount":0,"image":"","imageID":"","started":false}],
      "qosClass":"Burstable"}})");
}

TEST_CASE("a deployment") {
  comes_back(R"({"kind":"Deployment","apiVersion":"apps/v1","metadata":{"name":"web","namespace":"default","generation":2,
    "annotations":{"deployment.kubernetes.io/revision":"1"}},
    "spec":{"replicas":0,"selector":{"matchLabels":{"app":"web"}},"template":{"metadata":{"labels":{"app":"web"}},
      "spec":{"containers":[{"name":"web","image":"nginx","resources":{}}]}},
      "strategy":{"type":"RollingUpdate","rollingUpdate":{"maxUnavailable":"25%","maxSurge":1}},"revisionHistoryLimit":10,
      "progressDeadlineSeconds":600},
    "status":{"observedGeneration":2,"replicas":3,"conditions":[{"type":"Available","status":"True","lastUpdateTime":"2024-02-29T12:30:45Z",
      "lastTransitionTime":"2024-02-29T12:30:45Z","reason":"MinimumReplicasAvailable","message":"Deployment has minimum availability."}]}})");
  comes_back(R"({"kind":"Deployment","apiVersion":"apps/v1","metadata":{},"spec":{"selector":{},"template":{"metadata":{},
    "spec":{"containers":null}},"strategy":{}},"status":{}})");
}

TEST_CASE("a service") {
  comes_back(R"({"kind":"Service","apiVersion":"v1","metadata":{"name":"web"},"spec":{"ports":[{"name":"http","protocol":"TCP","port":80,
    "targetPort":"http","nodePort":30080},{"name":"dns","protocol":"UDP","port":53,"targetPort":5353}],"selector":{"app":"web"},
    "clusterIP":"10.96.0.10","clusterIPs":["10.96.0.10"],"type":"NodePort","sessionAffinity":"None","externalTrafficPolicy":"Cluster",
    "ipFamilies":["IPv4"],"ipFamilyPolicy":"SingleStack","internalTrafficPolicy":"Cluster"},"status":{"loadBalancer":{}}})");
}

TEST_CASE("a secret and a config map") {
  comes_back(R"({"kind":"Secret","apiVersion":"v1","metadata":{"name":"s"},"data":{"empty":"","password":"cDQ1NXcwcmQ="},"type":"Opaque"})");
  comes_back(R"({"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"c"},"immutable":false,
    "data":{"":"no key","a.conf":"line 1\nline \"2\" <x>\n","z":""},"binaryData":{"b":"AAEC/w=="}})");
}

TEST_CASE("an object is read with the generated accessors") {
  using namespace messages::api;
  auto object = packed(R"({"kind":"Secret","apiVersion":"v1","metadata":{"name":"s","labels":{"z":"1","a":"2","m":"3"}},"data":{"b":"AQI=","a":""}})");
  auto secret = object.root<core::v1::Secret>();
  CHECK(secret->metadata()->name()->string_view() == "s");
  CHECK(metadata_of(kind_of(unpack(*api_schema().find("v1", "Secret"), object)), object) == secret->metadata());
  auto labels = secret->metadata()->labels();
  for (auto [key, value] : {std::pair{"a", "2"}, {"m", "3"}, {"z", "1"}}) {
    auto found = labels->LookupByKey(key);
    REQUIRE(found);
    CHECK(found->value()->string_view() == value);
  }
  CHECK(labels->LookupByKey("b") == nullptr);
  CHECK(secret->data()->LookupByKey("b")->value()->size() == 2);
  CHECK(secret->data()->LookupByKey("a")->value()->size() == 0);
}

TEST_CASE("quantities are stored so that the scheduler need not parse") {
  using namespace messages::api;
  auto object = packed(R"({"kind":"Pod","apiVersion":"v1","spec":{"containers":[{"name":"c","resources":{"requests":{"cpu":"1500m","memory":"2048Mi"}}}]}})");
  auto requests = object.root<core::v1::Pod>()->spec()->containers()->Get(0)->resources()->requests();
  auto memory = requests->LookupByKey("memory")->value();
  CHECK(memory->value() == 2);
  CHECK(memory->scale() == 0);
  CHECK(memory->suffix() == 12);
}

TEST_CASE("every kind is described and its fields have distinct names") {
  CHECK(api_schema().kinds().size() > 10);
  for (auto t : api_schema().kinds()) {
    CHECK(t->find("kind") != nullptr);
    CHECK(t->find("apiVersion") != nullptr);
  }
}
