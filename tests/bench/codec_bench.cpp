// How long the codec takes for one object: a Pod of about 5 KB, or the JSON file given with its kind
// (`codec_bench [FILE API_VERSION KIND]`).
#include "messages/codec/codec.hpp"
#include "messages/codec/strategic_merge.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iterator>

using namespace messages::codec;

namespace {

std::string pod_text() {
  std::string out = R"({"kind":"Pod","apiVersion":"v1","metadata":{"name":"web-7d9c6b8f5-x2x4z","generateName":"web-7d9c6b8f5-",)"
                    R"("namespace":"production","uid":"6f0f5a0e-52b8-4a4e-9a55-6c2c7b1c9a11","creationTimestamp":"2024-02-29T12:30:45Z",)"
                    R"("labels":{"app":"web","pod-template-hash":"7d9c6b8f5","tier":"frontend","app.kubernetes.io/managed-by":"troupe"},)"
                    R"("annotations":{"prometheus.io/scrape":"true","prometheus.io/port":"9090"},"ownerReferences":[{"apiVersion":"apps/v1",)"
                    R"("kind":"ReplicaSet","name":"web-7d9c6b8f5","uid":"0d5d7a9e-0c12-4b7a-8f7d-1f2e3d4c5b6a","controller":true,"blockOwnerDeletion":true}]},)"
                    R"("spec":{"containers":[)";
  for (auto name : {"web", "proxy", "metrics"})
    out += std::string(R"({"name":")") + name + R"(","image":"registry.example.com/team/image:v1.2.3","args":["--listen=:8080","--log-level=info","--config=/etc/app/config.yaml"],)"
           R"("ports":[{"name":"http","containerPort":8080,"protocol":"TCP"},{"name":"metrics","containerPort":9090,"protocol":"TCP"}],)"
           R"("env":[{"name":"POD_NAME","valueFrom":{"fieldRef":{"apiVersion":"v1","fieldPath":"metadata.name"}}},{"name":"LEVEL","value":"info"},)"
           R"({"name":"REGION","value":"eu-central-1"}],"resources":{"limits":{"cpu":"500m","memory":"512Mi"},"requests":{"cpu":"250m","memory":"256Mi"}},)"
           R"("volumeMounts":[{"name":"config","mountPath":"/etc/app","readOnly":true},{"name":"token","mountPath":"/var/run/secrets","readOnly":true}],)"
           R"("livenessProbe":{"httpGet":{"path":"/healthz","port":8080,"scheme":"HTTP"},"initialDelaySeconds":10,"timeoutSeconds":1,"periodSeconds":10,"successThreshold":1,"failureThreshold":3},)"
           R"("terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File","imagePullPolicy":"IfNotPresent","securityContext":{"runAsNonRoot":true,"allowPrivilegeEscalation":false}},)";
  out.back() = ']';
  out += R"(,"volumes":[{"name":"config","configMap":{"name":"web-config","defaultMode":420}},{"name":"token","projected":{"sources":[{"serviceAccountToken":{"expirationSeconds":3607,"path":"token"}}],"defaultMode":420}}],)"
         R"("restartPolicy":"Always","terminationGracePeriodSeconds":30,"dnsPolicy":"ClusterFirst","serviceAccountName":"default","nodeName":"node-17","securityContext":{},)"
         R"("schedulerName":"default-scheduler","tolerations":[{"key":"node.kubernetes.io/not-ready","operator":"Exists","effect":"NoExecute","tolerationSeconds":300}],"priority":0,"enableServiceLinks":true},)"
         R"("status":{"phase":"Running","hostIP":"10.0.0.17","podIP":"10.244.17.9","startTime":"2024-02-29T12:30:46Z","qosClass":"Burstable","conditions":[)";
  for (auto kind : {"Initialized", "Ready", "ContainersReady", "PodScheduled"})
    out += std::string(R"({"type":")") + kind + R"(","status":"True","lastTransitionTime":"2024-02-29T12:30:50Z"},)";
  out.back() = ']';
  out += R"(,"containerStatuses":[)";
  for (auto name : {"web", "proxy", "metrics"})
    out += std::string(R"({"name":")") + name + R"(","state":{"running":{"startedAt":"2024-02-29T12:30:49Z"}},"ready":true,"restartCount":0,"image":"registry.example.com/team/image:v1.2.3",)"
           R"("imageID":"registry.example.com/team/image@sha256:9b2cf0f2d8a3c1b2a3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a","containerID":"containerd://1f2e3d4c5b6a79880716253443526170899aabbccddeeff00112233445566778","started":true},)";
  out.back() = ']';
  return out + "}}";
}

template <class F>
void measure(const char* name, F work) {
  // Rounds shorter than a time slice: the best one was not interrupted on a busy machine.
  constexpr int rounds = 250, per_round = 20;
  double best = 1e9;
  for (int round = 0; round < rounds; ++round) {
    auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < per_round; ++i)
      work();
    std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - start;
    best = std::min(best, took.count() / per_round);
  }
  std::printf("%-32s %8.2f us\n", name, best);
}

} // namespace

int main(int argc, char** argv) {
  auto text = pod_text();
  const type* t = api_schema().find("v1", "Pod");
  if (argc == 4) {
    std::ifstream file(argv[1], std::ios::binary);
    text.assign(std::istreambuf_iterator<char>(file), {});
    t = api_schema().find(argv[2], argv[3]);
  }
  std::vector<std::string> strict;
  auto value = parse_json(text).value;
  if (!t || !value.is_object() || check(*t, value, strict) || !strict.empty()) {
    std::fprintf(stderr, "codec_bench: no valid object of a known kind%s%s\n", strict.empty() ? "" : ": ",
                 strict.empty() ? "" : strict.front().c_str());
    return 1;
  }
  auto object = pack(*t, value).object;
  std::string out;
  encode_json(*t, object, 0, out);
  std::printf("%s: JSON %zu bytes, FlatBuffer %zu bytes\n", t->name().c_str(), out.size(), object.size());

  measure("parse", [&] { parse_json(text); });
  measure("copy draft", [&] { draft copy(value); });
  measure("check", [&] { check(*t, value, strict); });
  measure("pack", [&] { pack(*t, value); });
  measure("decode: parse + check + pack", [&] {
    auto read = parse_json(text);
    check(*t, read.value, read.strict_errors);
    pack(*t, read.value);
  });
  measure("unpack", [&] { unpack(*t, object); });
  measure("verify", [&] { verify(*t, object); });
  measure("encode to a new string", [&] {
    std::string fresh;
    encode_json(*t, object, 42, fresh);
  });
  measure("encode to a reused string", [&] {
    out.clear();
    encode_json(*t, object, 42, out);
  });
  return 0;
}
