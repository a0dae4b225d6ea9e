// Pods: class of service, grace, binding, and how they look in a table.
#include "samples.hpp"

#include "actors/apiserver/registry/core/pod/pod.hpp"
#include "actors/apiserver/registry/core/pod/qos.hpp"
#include "messages/codec/merge_patch.hpp"

using namespace samples;
namespace registry = actors::apiserver::registry;
namespace pod = registry::core::pod;

namespace {

const registry::change_context context{"tester", now_seconds};

draft pod_with(std::string_view patch) {
  auto object = sample("Pod");
  messages::codec::apply_merge_patch(object, json(patch));
  return object;
}

/// "READY STATUS RESTARTS"
std::string row(std::string_view patch) {
  auto all = cells(kind_of("Pod"), pod_with(patch));
  return all[1] + " " + all[2] + " " + all[3];
}

} // namespace

TEST_CASE("the class of service follows requests and limits") {
  auto class_of = [](std::string_view spec) { return std::string(pod::qos_class(json(spec))); };
  CHECK(class_of(R"({"containers":[{}]})") == "BestEffort");
  CHECK(class_of(R"({"containers":[{"resources":{"requests":{"cpu":"0"}}}]})") == "BestEffort");
  CHECK(class_of(R"({"containers":[{"resources":{"requests":{"cpu":"1"}}}]})") == "Burstable");
  CHECK(
    class_of(
      R"({"containers":[{"resources":{"requests":{"cpu":"1","memory":"1Gi"},"limits":{"cpu":"1000m","memory":"1Gi"}}}]})") ==
    "Guaranteed");
  CHECK(
    class_of(
      R"({"containers":[{"resources":{"requests":{"cpu":"1","memory":"1Gi"},"limits":{"cpu":"2","memory":"1Gi"}}}]})") ==
    "Burstable");
  CHECK(
    class_of(
      R"({"containers":[{"resources":{"requests":{"cpu":"1","memory":"1Gi"},"limits":{"cpu":"1","memory":"1Gi"}}},{}]})") ==
    "Burstable");
}

TEST_CASE("a new pod is pending, with its class and without what the client said of its status") {
  auto object =
    json(R"({"metadata":{"name":"x"},"spec":{"containers":[{"name":"a"}],"schedulingGates":[{"name":"g"}]},
                         "status":{"phase":"Running"}})");
  kind_of("Pod").prepare_create(context, object);
  CHECK(object.get("metadata").get("generation").integer() == 1);
  CHECK(object.get("status").get("phase").str() == "Pending");
  CHECK(object.get("status").get("qosClass").str() == "BestEffort");
  CHECK(object.get("status").get("conditions").items()[0].get("reason").str() == "SchedulingGated");
}

TEST_CASE("grace: only a pod that runs somewhere needs any") {
  auto& k = kind_of("Pod");
  auto bound = pod_with(R"({"spec":{"nodeName":"n"}})");
  CHECK(k.grace_seconds(pod_with("{}"), {}) == 0);
  CHECK(k.grace_seconds(bound, {}) == 30);
  CHECK(k.grace_seconds(bound, 5) == 5);
  CHECK(k.grace_seconds(bound, 0) == 0);
  CHECK(k.grace_seconds(bound, -1) == 1);
  CHECK(k.grace_seconds(pod_with(R"({"spec":{"nodeName":"n"},"status":{"phase":"Failed"}})"), {}) == 0);
}

TEST_CASE("a binding places a pod once") {
  auto object = sample("Pod");
  auto binding = json(R"({"metadata":{"annotations":{"a":"b"}},"target":{"kind":"Node","name":"node-a"}})");
  REQUIRE_FALSE(pod::apply_binding(context, binding, object));
  CHECK(object.get("spec").get("nodeName").str() == "node-a");
  CHECK(object.get("metadata").get("annotations").get("a").str() == "b");
  auto& condition = object.get("status").get("conditions").items()[0];
  CHECK(condition.get("type").str() == "PodScheduled");
  CHECK(condition.get("lastTransitionTime").str() == "2027-01-15T08:00:00Z");
  CHECK(pod::apply_binding(context, binding, object) == "pod x is already assigned to node \"node-a\"");
  auto going = pod_with(R"({"metadata":{"deletionTimestamp":"2027-01-15T08:00:00Z"}})");
  CHECK(pod::apply_binding(context, binding, going) ==
        "pod x is being deleted, cannot be assigned to a host");
  auto other = pod_with("{}");
  binding["metadata"].set("uid", "v");
  CHECK(pod::apply_binding(context, binding, other) ==
        "Precondition failed: UID in precondition: v, UID in object meta: u");
  registry::field_errors errors;
  pod::validate_binding(json(R"({"target":{"kind":"Pod"}})"), errors);
  REQUIRE(errors.size() == 2);
  CHECK(errors[0].text() ==
        "target.kind: Unsupported value: \"Pod\": supported values: \"Node\", \"<empty>\"");
  CHECK(errors[1].text() == "target.name: Required value");
}

TEST_CASE("a kubelet's report keeps the class and revives nothing") {
  auto& k = kind_of("Pod");
  auto old =
    canonical(k, pod_with(R"({"spec":{"restartPolicy":"Never","nodeName":"n"},"status":{"phase":"Running",
      "containerStatuses":[{"name":"web","state":{"terminated":{"exitCode":1}}}]}})"));
  auto next = pod_with(
    R"({"spec":{"nodeName":"other"},"status":{"phase":"Running","qosClass":null,"podIPs":[{"ip":"x"}],
      "containerStatuses":[{"name":"web","state":{"running":{}}}]}})");
  k.prepare_status_update(context, next, old);
  CHECK(next.get("spec") == old.get("spec"));
  CHECK(next.get("status").get("qosClass").str() == "BestEffort");
  registry::field_errors errors;
  k.validate_status_update(next, old, errors);
  REQUIRE(errors.size() == 2);
  CHECK(errors[0].text() ==
        "status.containerStatuses[0].state: Forbidden: may not be transitioned to non-terminated state");
  CHECK(
    errors[1].text() ==
    "status.podIPs[0]: Invalid value: \"x\": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)");
}

TEST_CASE("log options") {
  registry::field_errors errors;
  pod::validate_log_options(json(R"({"tailLines":-1,"limitBytes":0,"sinceSeconds":0})"), errors);
  REQUIRE(errors.size() == 3);
  CHECK(errors[0].text() == "tailLines: Invalid value: -1: must be greater than or equal to 0");
  errors.clear();
  pod::validate_log_options(json(R"({"tailLines":10,"sinceTime":"2027-01-15T08:00:00Z"})"), errors);
  CHECK(errors.empty());
}

TEST_CASE("the state of a pod in one word") {
  CHECK(row("{}") == "0/1 Pending 0");
  CHECK(
    row(R"({"status":{"phase":"Running","containerStatuses":[{"ready":true,"state":{"running":{}}}]}})") ==
    "1/1 Running 0");
  CHECK(row(R"({"status":{"containerStatuses":[{"state":{"waiting":{"reason":"ContainerCreating"}}}]}})") ==
        "0/1 ContainerCreating 0");
  CHECK(row(R"({"status":{"phase":"Running","containerStatuses":[{"restartCount":3,
               "lastState":{"terminated":{"finishedAt":"2027-01-15T07:55:00Z"}},
               "state":{"waiting":{"reason":"CrashLoopBackOff"}}}]}})") == "0/1 CrashLoopBackOff 3 (5m ago)");
  CHECK(
    row(R"({"status":{"phase":"Failed","containerStatuses":[{"state":{"terminated":{"exitCode":2}}}]}})") ==
    "0/1 ExitCode:2 0");
  CHECK(row(R"({"status":{"phase":"Failed","containerStatuses":[{"state":{"terminated":{"signal":9}}}]}})") ==
        "0/1 Signal:9 0");
  CHECK(row(R"({"status":{"phase":"Failed","reason":"Evicted"}})") == "0/1 Evicted 0");
  CHECK(
    row(
      R"({"status":{"phase":"Succeeded","containerStatuses":[{"state":{"terminated":{"reason":"Completed"}}}]}})") ==
    "0/1 Completed 0");
  CHECK(row(R"({"metadata":{"deletionTimestamp":"2027-01-15T07:59:00Z"},"status":{"phase":"Running"}})") ==
        "0/1 Terminating 0");
  CHECK(
    row(
      R"({"metadata":{"deletionTimestamp":"2027-01-15T07:59:00Z"},"status":{"phase":"Running","reason":"NodeLost"}})") ==
    "0/1 Unknown 0");
  CHECK(row(R"({"status":{"conditions":[{"type":"PodScheduled","reason":"SchedulingGated"}]}})") ==
        "0/1 SchedulingGated 0");
}

TEST_CASE("init containers show until they are through") {
  CHECK(row(R"({"spec":{"initContainers":[{"name":"a"},{"name":"b"}]},"status":{"initContainerStatuses":[
               {"name":"a","state":{"terminated":{"exitCode":0}}},{"name":"b","state":{"running":{}}}]}})") ==
        "0/1 Init:1/2 0");
  CHECK(row(R"({"spec":{"initContainers":[{"name":"a"}]},"status":{"initContainerStatuses":[
               {"name":"a","restartCount":2,"state":{"waiting":{"reason":"CrashLoopBackOff"}}}]}})") ==
        "0/1 Init:CrashLoopBackOff 2");
  CHECK(row(R"({"spec":{"initContainers":[{"name":"a"}]},"status":{"initContainerStatuses":[
               {"name":"a","state":{"terminated":{"exitCode":1,"reason":"Error"}}}]}})") ==
        "0/1 Init:Error 0");
  CHECK(row(R"({"spec":{"initContainers":[{"name":"a","restartPolicy":"Always"}]},"status":{"phase":"Running",
               "initContainerStatuses":[{"name":"a","started":true,"ready":true,"state":{"running":{}}}],
               "containerStatuses":[{"ready":true,"state":{"running":{}}}]}})") == "2/2 Running 0");
}

TEST_CASE("wide columns") {
  auto all = cells(kind_of("Pod"), pod_with(R"({"metadata":{"creationTimestamp":"2027-01-15T07:30:00Z"},
      "spec":{"nodeName":"node-a","readinessGates":[{"conditionType":"a.b/c"}]},
      "status":{"podIPs":[{"ip":"10.244.0.5"}],"conditions":[{"type":"a.b/c","status":"True"}]}})"));
  CHECK(all ==
        std::vector<std::string>{"x", "0/1", "Pending", "0", "30m", "10.244.0.5", "node-a", "<none>", "1/1"});
}
