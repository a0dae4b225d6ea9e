// Tables: durations and the cells of every kind but Pod.
#include "samples.hpp"

#include "actors/apiserver/registry/table/columns.hpp"

using namespace samples;
namespace table = actors::apiserver::registry::table;

namespace {

using row = std::vector<std::string>;

row row_of(std::string_view kind_name, std::string_view patch) {
  auto& k = kind_of(kind_name);
  auto base = with(k, sample(kind_name), R"({"metadata":{"creationTimestamp":"2027-01-15T07:00:00Z"}})");
  return cells(k, with(k, base, patch));
}

} // namespace

TEST_CASE("durations read as kubectl shows them") {
  const std::pair<int64_t, const char*> cases[] = {
    {-5, "<invalid>"}, {-1, "0s"},         {0, "0s"},        {119, "119s"},      {120, "2m"},
    {121, "2m1s"},     {599, "9m59s"},     {600, "10m"},     {10799, "179m"},    {10800, "3h"},
    {11100, "3h5m"},   {28800, "8h"},      {172799, "47h"},  {172800, "2d"},     {176400, "2d1h"},
    {691200, "8d"},    {63071999, "729d"}, {63072000, "2y"}, {63158400, "2y1d"}, {252288000, "8y"}};
  for (auto& [seconds, text] : cases)
    CHECK(table::human_duration(seconds) == text);
  CHECK(table::since(draft(), now_seconds) == "<unknown>");
}

TEST_CASE("cells") {
  CHECK(row_of("Namespace", "{}") == row{"x", "Active", "60m"});
  CHECK(row_of("ConfigMap", R"({"binaryData":{"b":"eA=="}})") == row{"x", "2", "60m"});
  CHECK(row_of("Secret", "{}") == row{"x", "Opaque", "1", "60m"});
  CHECK(row_of("ServiceAccount", "{}") == row{"x", "0", "60m"});
  CHECK(row_of("Lease", "{}") == row{"x", "me", "60m"});
  CHECK(
    row_of(
      "Deployment",
      R"({"spec":{"replicas":3},"status":{"readyReplicas":2,"updatedReplicas":3,"availableReplicas":1}})") ==
    row{"x", "2/3", "3", "1", "60m", "web", "web:1", "app=web"});
  CHECK(row_of("ReplicaSet",
               R"({"status":{"replicas":1,"readyReplicas":1},"spec":{"selector":{"matchExpressions":[
               {"key":"tier","operator":"In","values":["b","a"]},{"key":"x","operator":"DoesNotExist"}]}}})") ==
        row{"x", "1", "1", "1", "60m", "web", "web:1", "app=web,tier in (a,b),!x"});
}

TEST_CASE("services in a table") {
  CHECK(row_of("Service",
               R"({"spec":{"clusterIPs":["10.96.0.9"],"type":"NodePort","ports":[{"port":80,"nodePort":30080},
               {"port":53,"protocol":"UDP"}]}})") ==
        row{"x", "NodePort", "10.96.0.9", "<none>", "80:30080/TCP,53/UDP", "60m", "app=web"});
  CHECK(row_of("Service", R"({"spec":{"type":"LoadBalancer"}})")[3] == "<pending>");
  CHECK(row_of("Service", R"({"spec":{"type":"LoadBalancer","externalIPs":["1.2.3.4"]},
               "status":{"loadBalancer":{"ingress":[{"ip":"9.9.9.9"},{"hostname":"lb"}]}}})")[3] ==
        "9.9.9.9,lb,1.2.3.4");
  CHECK(row_of("Service",
               R"({"spec":{"type":"ExternalName","externalName":"a.b","ports":[],"selector":null}})") ==
        row{"x", "ExternalName", "<none>", "a.b", "<none>", "60m", "<none>"});
}

TEST_CASE("nodes") {
  CHECK(
    row_of("Node",
           R"({"metadata":{"labels":{"node-role.kubernetes.io/control-plane":"","kubernetes.io/role":"x"}},
               "spec":{"unschedulable":true},"status":{"conditions":[{"type":"Ready","status":"True"}],
               "addresses":[{"type":"InternalIP","address":"10.0.0.1"}],"nodeInfo":{"kubeletVersion":"v1.36.0",
               "osImage":"Debian","kernelVersion":"6.1","containerRuntimeVersion":"containerd://1.6"}}})") ==
    row{"node-a", "Ready,SchedulingDisabled", "control-plane,x", "60m", "v1.36.0", "10.0.0.1", "<none>",
        "Debian", "6.1", "containerd://1.6"});
  CHECK(row_of("Node", "{}") == row{"node-a", "Unknown", "<none>", "60m", "", "<none>", "<none>", "<unknown>",
                                    "<unknown>", "<unknown>"});
  CHECK(row_of("Node", R"({"status":{"conditions":[{"type":"Ready","status":"Unknown"}]}})")[1] ==
        "NotReady");
}

TEST_CASE("endpoints and slices are cut after three") {
  CHECK(row_of("Endpoints", "{}") == row{"x", "10.0.0.1:80", "60m"});
  CHECK(row_of("Endpoints", R"({"subsets":[]})")[1] == "<none>");
  CHECK(
    row_of("Endpoints",
           R"({"subsets":[{"addresses":[{"ip":"10.0.0.1"},{"ip":"10.0.0.2"}],"ports":[{"port":1},{"port":2}]},
               {"addresses":[{"ip":"fd00::1"}]}]})")[1] == "10.0.0.1:1,10.0.0.2:1,10.0.0.1:2 + 2 more...");
  CHECK(row_of("EndpointSlice", "{}") == row{"x", "IPv4", "80", "10.0.0.1", "60m"});
  CHECK(row_of("EndpointSlice", R"({"endpoints":[],"ports":[]})") ==
        row{"x", "IPv4", "<unset>", "<unset>", "60m"});
  CHECK(
    row_of("EndpointSlice",
           R"({"endpoints":[{"addresses":["1.1.1.1","2.2.2.2"]},{"addresses":["3.3.3.3","4.4.4.4"]}]})")[3] ==
    "1.1.1.1,2.2.2.2,3.3.3.3 + 1 more...");
}

TEST_CASE("events, counted in the old way and in the new one") {
  CHECK(row_of("Event",
               R"({"firstTimestamp":"2027-01-15T07:00:00Z","lastTimestamp":"2027-01-15T07:59:00Z","count":4,
               "source":{"component":"kubelet","host":"node-a"},"message":" started \n",
               "involvedObject":{"fieldPath":"spec.containers{web}"}})") ==
        row{"60s", "Normal", "Started", "pod/p", "spec.containers{web}", "kubelet, node-a", "started", "60m",
            "4", "x"});
  CHECK(row_of("events.k8s.io/Event", "{}") ==
        row{"60m", "Normal", "Started", "pod", "", "a.b/c, i", "started", "60m", "1", "x"});
  CHECK(row_of("events.k8s.io/Event",
               R"({"series":{"count":7,"lastObservedTime":"2027-01-15T07:50:00.000000Z"}})")[0] == "10m");
}
