// Validation on create: a change to a valid object and what is said about it.
#include "samples.hpp"

using namespace samples;

namespace {

struct rule {
  const char* kind_name;
  const char* patch; // merged into the valid sample, then defaulted
  std::vector<std::string> expected;
};

void check_rules(const std::vector<rule>& rules) {
  for (auto& [name, patch, expected] : rules) {
    INFO(name << " with " << patch);
    auto& k = kind_of(name);
    CHECK(mistakes(k, with(k, sample(name), patch)) == expected);
  }
}

const std::string subdomain_words =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must "
  "start and end "
  "with an alphanumeric character (e.g. 'example.com', regex used for validation is "
  "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const std::string label_words =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and "
  "end with an "
  "alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
  "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const std::string key_words =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
  "alphanumeric "
  "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
  "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

} // namespace

TEST_CASE("metadata") {
  check_rules({
    {"ConfigMap",
     R"({"metadata":{"name":"Not_OK"}})",
     {"metadata.name: Invalid value: \"Not_OK\": " + subdomain_words}},
    {"ConfigMap",
     R"({"metadata":{"name":null}})",
     {"metadata.name: Required value: name or generateName is required"}},
    {"ConfigMap", R"({"metadata":{"namespace":null}})", {"metadata.namespace: Required value"}},
    {"Node",
     R"({"metadata":{"namespace":"x"}})",
     {"metadata.namespace: Forbidden: not allowed on this type"}},
    {"ConfigMap",
     R"({"metadata":{"labels":{"a b":"c"}}})",
     {"metadata.labels: Invalid value: \"a b\": " + key_words}},
    {"ConfigMap",
     R"({"metadata":{"labels":{"/b":"c"}}})",
     {"metadata.labels: Invalid value: \"/b\": prefix part must be non-empty"}},
    {"ConfigMap",
     R"({"metadata":{"labels":{"a":"b c"}}})",
     {"metadata.labels: Invalid value: \"b c\": a valid label must be an empty string or consist of "
      "alphanumeric characters, "
      "'-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or "
      "'my_value',  or '12345', "
      "regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"}},
    {"ConfigMap", R"({"metadata":{"annotations":{"Upper.Case/IsFine":"x"}}})", {}},
    {"ConfigMap",
     R"({"metadata":{"finalizers":["x"]}})",
     {"metadata.finalizers[0]: Invalid value: \"x\": name is neither a standard finalizer name nor is it "
      "fully qualified"}},
    {"ConfigMap",
     R"({"metadata":{"finalizers":["orphan","foregroundDeletion"]}})",
     {"metadata.finalizers: Invalid value: [\"orphan\",\"foregroundDeletion\"]: finalizer orphan and "
      "foregroundDeletion "
      "cannot be both set"}},
    {"ConfigMap",
     R"({"metadata":{"ownerReferences":[{"kind":"Pod","name":"p"}]}})",
     {"metadata.ownerReferences.apiVersion: Invalid value: \"\": version must not be empty",
      "metadata.ownerReferences.uid: Invalid value: \"\": must not be empty"}},
  });
}

TEST_CASE("annotations have a total size") {
  auto& k = kind_of("ConfigMap");
  auto object = sample("ConfigMap");
  object["metadata"]["annotations"].set("a", std::string(256 * 1024 - 1, 'x'));
  CHECK(mistakes(k, object).empty());
  object["metadata"]["annotations"].set("b", "");
  CHECK(mistakes(k, object) ==
        std::vector<std::string>{"metadata.annotations: Too long: may not be more than 262144 bytes"});
}

TEST_CASE("config maps and secrets") {
  check_rules({
    {"ConfigMap", R"({"data":{"..":"x"}})", {"data[..]: Invalid value: \"..\": must not be '..'"}},
    {"ConfigMap",
     R"({"data":{"b c":"x"}})",
     {"data[b c]: Invalid value: \"b c\": a valid config key must consist of alphanumeric characters, '-', "
      "'_' or '.' (e.g. "
      "'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"}},
    {"ConfigMap",
     R"({"binaryData":{"a":"eA=="}})",
     {"data[a]: Invalid value: \"a\": duplicate of key present in binaryData"}},
    {"Secret",
     R"({"type":"kubernetes.io/tls"})",
     {"data[tls.crt]: Required value", "data[tls.key]: Required value"}},
    {"Secret",
     R"({"type":"kubernetes.io/basic-auth"})",
     {"data[username]: Required value", "data[password]: Required value"}},
    {"Secret", R"({"type":"kubernetes.io/ssh-auth"})", {"data[ssh-privatekey]: Required value"}},
    {"Secret", R"({"type":"kubernetes.io/dockerconfigjson","data":{".dockerconfigjson":"e30="}})", {}},
    {"Secret",
     R"({"type":"kubernetes.io/service-account-token"})",
     {"metadata.annotations[kubernetes.io/service-account.name]: Required value"}},
  });
  auto big = sample("ConfigMap");
  big["data"].set("big", std::string(1024 * 1024, 'x'));
  CHECK(mistakes(kind_of("ConfigMap"), big) ==
        std::vector<std::string>{": Too long: may not be more than 1048576 bytes"});
}

TEST_CASE("pods: required and enumerated fields") {
  check_rules({
    {"Pod", R"({"spec":{"containers":[]}})", {"spec.containers: Required value"}},
    {"Pod",
     R"({"spec":{"containers":[{"name":"","image":""}]}})",
     {"spec.containers[0].name: Required value", "spec.containers[0].image: Required value"}},
    {"Pod",
     R"({"spec":{"containers":[{"name":"A","image":"x"}]}})",
     {"spec.containers[0].name: Invalid value: \"A\": " + label_words}},
    {"Pod",
     R"({"spec":{"containers":[{"name":"a","image":"x"},{"name":"a","image":"x"}]}})",
     {"spec.containers[1].name: Duplicate value: \"a\""}},
    {"Pod",
     R"({"spec":{"containers":[{"name":"a","image":" x"}]}})",
     {"spec.containers[0].image: Invalid value: \" x\": must not have leading or trailing whitespace"}},
    {"Pod",
     R"({"spec":{"restartPolicy":"Sometimes"}})",
     {"spec.restartPolicy: Unsupported value: \"Sometimes\": supported values: \"Always\", \"Never\", "
      "\"OnFailure\""}},
    {"Pod",
     R"({"spec":{"dnsPolicy":"X"}})",
     {"spec.dnsPolicy: Unsupported value: \"X\": supported values: \"ClusterFirst\", "
      "\"ClusterFirstWithHostNet\", "
      "\"Default\", \"None\""}},
    {"Pod",
     R"({"spec":{"containers":[{"name":"a","image":"x","imagePullPolicy":"Now"}]}})",
     {"spec.containers[0].imagePullPolicy: Unsupported value: \"Now\": supported values: \"Always\", "
      "\"IfNotPresent\", "
      "\"Never\""}},
    {"Pod",
     R"({"spec":{"activeDeadlineSeconds":0}})",
     {"spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive"}},
    {"Pod",
     R"({"spec":{"nodeName":"n","schedulingGates":[{"name":"g"}]}})",
     {"spec.nodeName: Forbidden: cannot be set until all schedulingGates have been cleared"}},
    {"Pod",
     R"({"spec":{"tolerations":[{"key":"a","operator":"Exists","value":"b"}]}})",
     {"spec.tolerations[0].operator: Invalid value: \"b\": value must be empty when `operator` is 'Exists'"}},
    {"Pod",
     R"({"spec":{"nodeSelector":{"a":"b c"}}})",
     {"spec.nodeSelector: Invalid value: \"b c\": a valid label must be an empty string or consist of "
      "alphanumeric "
      "characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  "
      "or 'my_value',  "
      "or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"}},
  });
}

TEST_CASE("pods: ports, environment, mounts") {
  check_rules({
    {"Pod",
     R"({"spec":{"containers":[{"name":"a","image":"x","ports":[{"containerPort":70000},{"name":"web"}]}]}})",
     {"spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, "
      "inclusive",
      "spec.containers[0].ports[1].containerPort: Required value"}},
    {"Pod",
     R"({"spec":{"containers":[{"name":"a","image":"x","ports":[{"name":"w","containerPort":1},
         {"name":"w","containerPort":2,"protocol":"ICMP"}]}]}})",
     {"spec.containers[0].ports[1].name: Duplicate value: \"w\"",
      "spec.containers[0].ports[1].protocol: Unsupported value: \"ICMP\": supported values: \"SCTP\", "
      "\"TCP\", \"UDP\""}},
    {"Pod",
     R"({"spec":{"containers":[{"name":"a","image":"x","ports":[{"containerPort":1,"hostPort":9}]},
         {"name":"b","image":"x","ports":[{"containerPort":1,"hostPort":9}]}]}})",
     {"spec.containers[1].ports[0].hostPort: Duplicate value: \"TCP//9\""}},
    {"Pod",
     R"({"spec":{"containers":[{"name":"a","image":"x","env":[{"name":""},{"name":"A=B"}]}]}})",
     {"spec.containers[0].env[0].name: Required value",
      "spec.containers[0].env[1].name: Invalid value: \"A=B\": a valid environment variable name must "
      "consist only of "
      "printable ASCII characters other than '='"}},
    {"Pod",
     R"({"spec":{"containers":[{"name":"a","image":"x","env":[{"name":"A","value":"x","valueFrom":
         {"configMapKeyRef":{"name":"c","key":"k"}}}]}]}})",
     {"spec.containers[0].env[0].valueFrom: Invalid value: \"\": may not be specified when `value` is not "
      "empty"}},
    {"Pod",
     R"({"spec":{"containers":[{"name":"a","image":"x","env":[{"name":"A","valueFrom":
         {"fieldRef":{"fieldPath":"status.phase"}}}]}]}})",
     {"spec.containers[0].env[0].valueFrom.fieldRef.fieldPath: Unsupported value: \"status.phase\": "
      "supported values: "
      "\"metadata.name\", \"metadata.namespace\", \"metadata.uid\", \"spec.nodeName\", "
      "\"spec.serviceAccountName\", "
      "\"status.hostIP\", \"status.hostIPs\", \"status.podIP\", \"status.podIPs\""}},
    {"Pod",
     R"({"spec":{"containers":[{"name":"a","image":"x","env":[{"name":"A","valueFrom":
         {"fieldRef":{"fieldPath":"metadata.labels['app']"}}}]}]}})",
     {}},
    {"Pod",
     R"({"spec":{"containers":[{"name":"a","image":"x","volumeMounts":[{"name":"v","mountPath":"/x"}]}]}})",
     {"spec.containers[0].volumeMounts[0].name: Not found: \"v\""}},
    {"Pod",
     R"({"spec":{"volumes":[{"name":"v"}],"containers":[{"name":"a","image":"x","volumeMounts":[
         {"name":"v","mountPath":"/x"},{"name":"v","mountPath":"/x","subPath":"../y"}]}]}})",
     {"spec.containers[0].volumeMounts[1].mountPath: Invalid value: \"/x\": must be unique",
      "spec.containers[0].volumeMounts.subPath: Invalid value: \"../y\": must not contain '..'"}},
  });
}

TEST_CASE("pods: volumes") {
  check_rules({
    {"Pod",
     R"({"spec":{"volumes":[{"name":"v"},{"name":"v"}]}})",
     {"spec.volumes[1].name: Duplicate value: \"v\""}},
    {"Pod",
     R"({"spec":{"volumes":[{"name":"v","emptyDir":{},"hostPath":{"path":"/x"}}]}})",
     {"spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type"}},
    {"Pod",
     R"({"spec":{"volumes":[{"name":"v","hostPath":{"path":"/a/../b","type":"Pipe"}}]}})",
     {"spec.volumes[0].hostPath.path: Invalid value: \"/a/../b\": must not contain '..'",
      "spec.volumes[0].hostPath.type: Unsupported value: \"Pipe\": supported values: \"\", \"BlockDevice\", "
      "\"CharDevice\", "
      "\"Directory\", \"DirectoryOrCreate\", \"File\", \"FileOrCreate\", \"Socket\""}},
    {"Pod",
     R"({"spec":{"volumes":[{"name":"v","secret":{"defaultMode":1000}}]}})",
     {"spec.volumes[0].secret.secretName: Required value",
      "spec.volumes[0].secret.defaultMode: Invalid value: 1000: must be a number between 0 and 0777 (octal), "
      "both inclusive"}},
    {"Pod",
     R"({"spec":{"volumes":[{"name":"v","configMap":{"name":"c","items":[{"key":"k","path":"/abs"}]}}]}})",
     {"spec.volumes[0].configMap.items[0].path: Invalid value: \"/abs\": must be a relative path"}},
  });
}

TEST_CASE("pods: probes and hooks") {
  check_rules({
    {"Pod",
     R"({"spec":{"containers":[{"name":"a","image":"x","livenessProbe":{}}]}})",
     {"spec.containers[0].livenessProbe: Required value: must specify a handler type"}},
    {"Pod",
     R"({"spec":{"containers":[{"name":"a","image":"x","livenessProbe":{"exec":{"command":["x"]},
         "tcpSocket":{"port":1},"successThreshold":2}}]}})",
     {"spec.containers[0].livenessProbe.tcpSocket: Forbidden: may not specify more than 1 handler type",
      "spec.containers[0].livenessProbe.successThreshold: Invalid value: 2: must be 1"}},
    {"Pod",
     R"({"spec":{"containers":[{"name":"a","image":"x","readinessProbe":{"httpGet":{"port":"no_name"},
         "terminationGracePeriodSeconds":3,"periodSeconds":-1}}]}})",
     {"spec.containers[0].readinessProbe.httpGet.port: Invalid value: \"no_name\": must contain only "
      "alpha-numeric "
      "characters (a-z, 0-9), and hyphens (-)",
      "spec.containers[0].readinessProbe.periodSeconds: Invalid value: -1: must be greater than or equal to "
      "0",
      "spec.containers[0].readinessProbe.terminationGracePeriodSeconds: Invalid value: 3: must not be set "
      "for "
      "readinessProbes"}},
    {"Pod",
     R"({"spec":{"initContainers":[{"name":"i","image":"x","readinessProbe":{"exec":{"command":["x"]}}}]}})",
     {"spec.initContainers[0].readinessProbe: Forbidden: may not be set for init containers without "
      "restartPolicy=Always"}},
    {"Pod",
     R"({"spec":{"initContainers":[{"name":"i","image":"x","restartPolicy":"Always",
         "readinessProbe":{"exec":{"command":["x"]}}}]}})",
     {}},
    {"Pod",
     R"({"spec":{"containers":[{"name":"a","image":"x","lifecycle":{"preStop":{"sleep":{"seconds":31}}}}]}})",
     {"spec.containers[0].lifecycle.preStop.sleep: Invalid value: 31: must be non-negative and less than "
      "terminationGracePeriodSeconds (30)"}},
  });
}

TEST_CASE("pods: resources") {
  check_rules({
    {"Pod",
     R"({"spec":{"resources":{"limits":{"cpu":"1"},"requests":{"cpu":"1"}},"containers":[
         {"name":"a","image":"x","resources":{"requests":{"cpu":"800m"}}},
         {"name":"b","image":"x","resources":{"requests":{"cpu":"800m"},"limits":{"cpu":"2"}}}]}})",
     {"spec.resources.requests[cpu]: Invalid value: \"1\": must be greater than or equal to aggregate "
      "container "
      "requests of 1600m",
      "spec.resources.containers[1][cpu].limits: Invalid value: \"2\": must be less than or equal to pod "
      "limits "
      "of 1"}},
    {"Pod",
     R"({"spec":{"containers":[{"name":"a","image":"x","resources":{"limits":{"cpu":"1"},"requests":{"cpu":"2"}}}]}})",
     {"spec.containers[0].resources.requests: Invalid value: \"2\": must be less than or equal to cpu limit "
      "of 1"}},
    {"Pod",
     R"({"spec":{"containers":[{"name":"a","image":"x","resources":{"requests":{"gpu":"1"}}}]}})",
     {"spec.containers[0].resources.requests[gpu]: Invalid value: \"gpu\": must be a standard resource type "
      "or fully "
      "qualified",
      "spec.containers[0].resources.requests[gpu]: Invalid value: \"gpu\": must be a standard resource for "
      "containers"}},
    {"Pod",
     R"({"spec":{"containers":[{"name":"a","image":"x","resources":{"requests":{"memory":"-1"}}}]}})",
     {"spec.containers[0].resources.requests[memory]: Invalid value: \"-1\": must be greater than or equal "
      "to 0"}},
    {"Pod",
     R"({"spec":{"containers":[{"name":"a","image":"x","resources":{"limits":{"example.com/gpu":"1500m"}}}]}})",
     {"spec.containers[0].resources.limits[example.com/gpu]: Invalid value: \"1500m\": must be an integer",
      "spec.containers[0].resources.requests[example.com/gpu]: Invalid value: \"1500m\": must be an "
      "integer"}},
    {"Pod",
     R"({"spec":{"containers":[{"name":"a","image":"x","resources":{"requests":{"example.com/gpu":"1"}}}]}})",
     {"spec.containers[0].resources.limits: Required value: Limit must be set for non overcommitable "
      "resources"}},
  });
}

TEST_CASE("deployments and replica sets") {
  check_rules({
    {"Deployment",
     R"({"spec":{"template":{"metadata":{"labels":{"app":"other"}}}}})",
     {"spec.template.metadata.labels: Invalid value: {\"app\":\"other\"}: `selector` does not match template "
      "`labels`"}},
    {"Deployment", R"({"spec":{"selector":null}})", {"spec.selector: Required value"}},
    {"Deployment",
     R"({"spec":{"selector":{"matchLabels":null}}})",
     {"spec.selector: Invalid value: {}: empty selector is invalid for deployment"}},
    {"Deployment",
     R"({"spec":{"replicas":-1}})",
     {"spec.replicas: Invalid value: -1: must be greater than or equal to 0"}},
    {"Deployment",
     R"({"spec":{"template":{"spec":{"restartPolicy":"Never"}}}})",
     {"spec.template.spec.restartPolicy: Unsupported value: \"Never\": supported values: \"Always\""}},
    {"Deployment",
     R"({"spec":{"strategy":{"type":"Recreate"}}})",
     {"spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'"}},
    {"Deployment",
     R"({"spec":{"strategy":{"rollingUpdate":{"maxUnavailable":0,"maxSurge":"0%"}}}})",
     {"spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0"}},
    {"Deployment",
     R"({"spec":{"strategy":{"rollingUpdate":{"maxUnavailable":"101%"}}}})",
     {"spec.strategy.rollingUpdate.maxUnavailable: Invalid value: \"101%\": must not be greater than 100%"}},
    {"Deployment",
     R"({"spec":{"minReadySeconds":600}})",
     {"spec.progressDeadlineSeconds: Invalid value: 600: must be greater than minReadySeconds"}},
    {"Deployment",
     R"({"spec":{"template":{"spec":{"containers":[]}}}})",
     {"spec.template.spec.containers: Required value"}},
    {"ReplicaSet",
     R"({"spec":{"selector":{"matchExpressions":[{"key":"app","operator":"Is"}]}}})",
     {"spec.selector.matchExpressions[0].operator: Invalid value: \"Is\": not a valid selector operator",
      "spec.selector: Invalid value: "
      "{\"matchExpressions\":[{\"key\":\"app\",\"operator\":\"Is\"}],\"matchLabels\":{\"app\":"
      "\"web\"}}: invalid label selector"}},
  });
}

TEST_CASE("services: ports, types, addresses") {
  check_rules({
    {"Service",
     R"({"metadata":{"name":"1web"}})",
     {"metadata.name: Invalid value: \"1web\": a DNS-1035 label must consist of lower case alphanumeric "
      "characters or '-', "
      "start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or "
      "'abc-123', regex used "
      "for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"}},
    {"Service", R"({"spec":{"ports":[]}})", {"spec.ports: Required value"}},
    {"Service",
     R"({"spec":{"ports":[{"port":0}]}})",
     {"spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive",
      "spec.ports[0].targetPort: Invalid value: 0: must be between 1 and 65535, inclusive"}},
    {"Service",
     R"({"spec":{"ports":[{"port":80},{"port":81}]}})",
     {"spec.ports[0].name: Required value", "spec.ports[1].name: Required value"}},
    {"Service",
     R"({"spec":{"ports":[{"port":80,"nodePort":30000}]}})",
     {"spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"}},
    {"Service",
     R"({"spec":{"type":"Mesh"}})",
     {"spec.type: Unsupported value: \"Mesh\": supported values: \"ClusterIP\", \"ExternalName\", "
      "\"LoadBalancer\", "
      "\"NodePort\""}},
    {"Service",
     R"({"spec":{"clusterIP":"None","clusterIPs":["None"],"type":"NodePort"}})",
     {"spec.clusterIPs[0]: Invalid value: \"None\": may not be set to 'None' for NodePort services"}},
    {"Service",
     R"({"spec":{"clusterIP":"x","clusterIPs":["x"]}})",
     {"spec.clusterIPs[0]: Invalid value: \"x\": must be a valid IP address, (e.g. 10.9.8.7 or "
      "2001:db8::ffff)"}},
    {"Service",
     R"({"spec":{"externalIPs":["127.0.0.1"],"externalTrafficPolicy":"Cluster"}})",
     {"spec.externalIPs[0]: Invalid value: \"127.0.0.1\": may not be in the loopback range (127.0.0.0/8, "
      "::1/128)"}},
    {"Service",
     R"({"spec":{"ipFamilyPolicy":"RequireDualStack"}})",
     {"spec.ipFamilyPolicy: Invalid value: \"RequireDualStack\": this cluster is not configured for "
      "dual-stack services"}},
  });
}

TEST_CASE("endpoints, slices, nodes, leases, events") {
  check_rules({
    {"Endpoints",
     R"({"subsets":[{"addresses":[{"ip":"127.0.0.1"}]},{}]})",
     {"subsets[0].addresses[0].ip: Invalid value: \"127.0.0.1\": may not be in the loopback range "
      "(127.0.0.0/8, ::1/128)",
      "subsets[1]: Required value: must specify `addresses` or `notReadyAddresses`"}},
    {"EndpointSlice",
     R"({"addressType":"IPv6"})",
     {"endpoints[0].addresses[0]: Invalid value: \"10.0.0.1\": must be a valid IPv6 address"}},
    {"EndpointSlice",
     R"({"endpoints":[{"addresses":[]}]})",
     {"endpoints[0].addresses: Required value: must contain at least 1 address"}},
    {"Node",
     R"({"spec":{"taints":[{"key":"a","effect":"X"},{"key":"b","effect":"NoSchedule"},
         {"key":"b","effect":"NoSchedule"}]}})",
     {"metadata.taints[0].effect: Unsupported value: \"X\": supported values: \"NoSchedule\", "
      "\"PreferNoSchedule\", "
      "\"NoExecute\"",
      "metadata.taints[2]: Duplicate value: {\"effect\":\"NoSchedule\",\"key\":\"b\"}: taints must be unique "
      "by key and "
      "effect pair"}},
    {"Lease",
     R"({"spec":{"leaseDurationSeconds":0}})",
     {"spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0"}},
    {"Event",
     R"({"involvedObject":{"namespace":"other"}})",
     {"involvedObject.namespace: Invalid value: \"other\": does not match event.namespace"}},
    {"events.k8s.io/Event",
     R"({"type":"Odd","deprecatedCount":3})",
     {"type: Invalid value: \"\": has invalid value: Odd", "count: Invalid value: \"\": needs to be unset"}},
    {"events.k8s.io/Event", R"({"action":null})", {"action: Required value"}},
  });
}
