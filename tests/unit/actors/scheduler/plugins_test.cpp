// Each plugin by itself.
#include "actors/scheduler/plugins/nodeaffinity/nodeaffinity.hpp"
#include "actors/scheduler/plugins/nodeports/nodeports.hpp"
#include "actors/scheduler/plugins/noderesources/noderesources.hpp"
#include "actors/scheduler/plugins/nodeunschedulable/nodeunschedulable.hpp"
#include "actors/scheduler/plugins/tainttoleration/tainttoleration.hpp"
#include "tests/unit/actors/scheduler/samples.hpp"

using namespace samples;
using namespace scheduler::plugins;
using reasons = std::vector<std::string>;

namespace {

pod_ptr tolerant(std::string_view tolerations) { return pod_with("a", "{}", fmt::format(R"("tolerations":{})", tolerations)); }

draft tainted(std::string_view effect, std::string_view value = "db") {
  return node_object("n1", fmt::format(R"("spec":{{"taints":[{{"key":"dedicated","value":"{}","effect":"{}"}}]}})", value, effect));
}

draft labelled(std::string_view labels) {
  draft object = node_object("n1");
  object["metadata"].set("labels", json(labels));
  return object;
}

/// With one required term of node affinity.
pod_ptr requiring(std::string_view term) {
  return pod_with("a", "{}", fmt::format(R"("affinity":{{"nodeAffinity":{{"requiredDuringSchedulingIgnoredDuringExecution":
    {{"nodeSelectorTerms":[{}]}}}}}})", term));
}
pod_ptr requiring(std::string_view key, std::string_view op, std::string_view values) {
  return requiring(fmt::format(R"({{"matchExpressions":[{{"key":"{}","operator":"{}","values":{}}}]}})", key, op, values));
}
bool admits(const pod_ptr& pod, const draft& node) {
  const auto refused = nodeaffinity::filter(*pod, *one_node{node});
  if (!refused.reasons.empty()) {
    CHECK(refused.reasons == reasons{"node(s) didn't match Pod's node affinity/selector"});
    CHECK(refused.final);
  }
  return refused.reasons.empty();
}

} // namespace

TEST_CASE("a cordoned node takes only pods that tolerate it", "[scheduler]") {
  const one_node cordoned{node_object("n1", R"("spec":{"unschedulable":true})")};
  const auto refused = nodeunschedulable::filter(*pod_with("a", "{}"), *cordoned);
  CHECK(refused.reasons == reasons{"node(s) were unschedulable"});
  CHECK(refused.final);
  const auto daemon = tolerant(R"([{"key":"node.kubernetes.io/unschedulable","operator":"Exists","effect":"NoSchedule"}])");
  CHECK(nodeunschedulable::filter(*daemon, *cordoned).reasons.empty());
  CHECK(nodeunschedulable::filter(*pod_with("a", "{}"), *one_node{node_object("n1")}).reasons.empty());
}

TEST_CASE("taints NoSchedule and NoExecute refuse, PreferNoSchedule only costs", "[scheduler]") {
  const auto pod = pod_with("a", "{}");
  for (const auto* effect : {"NoSchedule", "NoExecute"}) {
    const auto refused = tainttoleration::filter(*pod, *one_node{tainted(effect)});
    CHECK(refused.reasons == reasons{"node(s) had untolerated taint(s)"});
    CHECK(refused.final);
    CHECK(tainttoleration::score(*pod, *one_node{tainted(effect)}) == 0);
  }
  CHECK(tainttoleration::filter(*pod, *one_node{tainted("PreferNoSchedule")}).reasons.empty());
  CHECK(tainttoleration::score(*pod, *one_node{tainted("PreferNoSchedule")}) == 1);
}

TEST_CASE("a toleration covers a taint by key, value and effect; what it leaves out covers all", "[scheduler]") {
  const one_node node{tainted("NoSchedule")};
  const auto covers = [&](const char* toleration) {
    return tainttoleration::filter(*tolerant(fmt::format("[{}]", toleration)), *node).reasons.empty();
  };
  CHECK(covers(R"({"key":"dedicated","operator":"Equal","value":"db","effect":"NoSchedule"})"));
  CHECK(covers(R"({"key":"dedicated","value":"db"})"));
  CHECK(covers(R"({"key":"dedicated","operator":"Exists"})"));
  CHECK(covers(R"({"operator":"Exists"})"));
  CHECK_FALSE(covers(R"({"key":"dedicated","operator":"Equal","value":"web"})"));
  CHECK_FALSE(covers(R"({"key":"other","operator":"Exists"})"));
  CHECK_FALSE(covers(R"({"key":"dedicated","operator":"Exists","effect":"NoExecute"})"));
  CHECK_FALSE(covers(R"({"key":"dedicated"})")); // Equal to the empty value
}

TEST_CASE("every label of the node selector must be there", "[scheduler]") {
  const auto pod = pod_with("a", "{}", R"("nodeSelector":{"disk":"ssd","zone":"a"})");
  CHECK(admits(pod, labelled(R"({"disk":"ssd","zone":"a","more":"x"})")));
  CHECK_FALSE(admits(pod, labelled(R"({"disk":"ssd"})")));
  CHECK_FALSE(admits(pod, labelled(R"({"disk":"hdd","zone":"a"})")));
  CHECK_FALSE(admits(pod, node_object("n1")));
}

TEST_CASE("operators of node affinity", "[scheduler]") {
  const auto node = labelled(R"({"disk":"ssd","cores":"16","word":"many"})");
  CHECK(admits(requiring("disk", "In", R"(["hdd","ssd"])"), node));
  CHECK_FALSE(admits(requiring("disk", "In", R"(["hdd"])"), node));
  CHECK_FALSE(admits(requiring("none", "In", R"(["ssd"])"), node));
  CHECK(admits(requiring("disk", "NotIn", R"(["hdd"])"), node));
  CHECK(admits(requiring("none", "NotIn", R"(["hdd"])"), node));
  CHECK_FALSE(admits(requiring("disk", "NotIn", R"(["ssd"])"), node));
  CHECK(admits(requiring("disk", "Exists", "[]"), node));
  CHECK_FALSE(admits(requiring("none", "Exists", "[]"), node));
  CHECK(admits(requiring("none", "DoesNotExist", "[]"), node));
  CHECK_FALSE(admits(requiring("disk", "DoesNotExist", "[]"), node));
  CHECK(admits(requiring("cores", "Gt", R"(["8"])"), node));
  CHECK_FALSE(admits(requiring("cores", "Gt", R"(["16"])"), node));
  CHECK(admits(requiring("cores", "Lt", R"(["32"])"), node));
  CHECK_FALSE(admits(requiring("cores", "Lt", R"(["16"])"), node));
  CHECK_FALSE(admits(requiring("word", "Gt", R"(["8"])"), node));
  CHECK_FALSE(admits(requiring("none", "Lt", R"(["8"])"), node));
}

TEST_CASE("requirements of a term hold together, terms are alternatives, an empty term matches nothing", "[scheduler]") {
  const auto node = labelled(R"({"disk":"ssd","zone":"a"})");
  const std::string ssd = R"({"key":"disk","operator":"In","values":["ssd"]})";
  const std::string zone_b = R"({"key":"zone","operator":"In","values":["b"]})";
  CHECK_FALSE(admits(requiring(fmt::format(R"({{"matchExpressions":[{},{}]}})", ssd, zone_b)), node));
  CHECK(admits(requiring(fmt::format(R"({{"matchExpressions":[{}]}},{{"matchExpressions":[{}]}})", zone_b, ssd)), node));
  CHECK_FALSE(admits(requiring("{}"), node));
}

TEST_CASE("the selector and the affinity must both match", "[scheduler]") {
  const auto pod = pod_with("a", "{}", R"("nodeSelector":{"zone":"a"},"affinity":{"nodeAffinity":{
    "requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[
      {"matchExpressions":[{"key":"disk","operator":"Exists"}]}]}}})");
  CHECK(admits(pod, labelled(R"({"disk":"ssd","zone":"a"})")));
  CHECK_FALSE(admits(pod, labelled(R"({"disk":"ssd","zone":"b"})")));
  CHECK_FALSE(admits(pod, labelled(R"({"zone":"a"})")));
}

TEST_CASE("the field metadata.name is the node's name", "[scheduler]") {
  const auto by_name = [](const char* op, const char* name) {
    return requiring(fmt::format(R"({{"matchFields":[{{"key":"metadata.name","operator":"{}","values":["{}"]}}]}})", op, name));
  };
  CHECK(admits(by_name("In", "n1"), node_object("n1")));
  CHECK_FALSE(admits(by_name("In", "n2"), node_object("n1")));
  CHECK(admits(by_name("NotIn", "n2"), node_object("n1")));
  CHECK_FALSE(admits(by_name("NotIn", "n1"), node_object("n1")));
}

TEST_CASE("which nodes a pod names", "[scheduler]") {
  const std::string n1 = R"({"matchFields":[{"key":"metadata.name","operator":"In","values":["n1"]}]})";
  const std::string n2 = R"({"matchFields":[{"key":"metadata.name","operator":"In","values":["n2"]}]})";
  const std::string any = R"({"matchExpressions":[{"key":"disk","operator":"Exists"}]})";
  CHECK(nodeaffinity::only(*pod_with("a", "{}")) == std::nullopt);
  CHECK(nodeaffinity::only(*requiring(n1)) == std::set<std::string>{"n1"});
  CHECK(nodeaffinity::only(*requiring(n1 + "," + n2)) == std::set<std::string>{"n1", "n2"});
  CHECK(nodeaffinity::only(*requiring(n1 + "," + any)) == std::nullopt);
  CHECK(nodeaffinity::only(*requiring(any)) == std::nullopt);
}

TEST_CASE("preferred terms that match add their weights", "[scheduler]") {
  const auto pod = pod_with("a", "{}", R"("affinity":{"nodeAffinity":{"preferredDuringSchedulingIgnoredDuringExecution":[
    {"weight":30,"preference":{"matchExpressions":[{"key":"disk","operator":"In","values":["ssd"]}]}},
    {"weight":5,"preference":{"matchExpressions":[{"key":"zone","operator":"Exists"}]}},
    {"weight":100,"preference":{}}]}})");
  CHECK(nodeaffinity::score(*pod, *one_node{labelled(R"({"disk":"ssd","zone":"a"})")}) == 35);
  CHECK(nodeaffinity::score(*pod, *one_node{labelled(R"({"zone":"a"})")}) == 5);
  CHECK(nodeaffinity::score(*pod, *one_node{node_object("n1")}) == 0);
}

TEST_CASE("host ports conflict by protocol, port and address, where 0.0.0.0 is every address", "[scheduler]") {
  const auto with_port = [](const char* name, std::string_view port) {
    return make_pod(name, fmt::format(R"({{"nodeName":"n1","containers":[{{"name":"x","image":"i","ports":[{}]}}]}})", port));
  };
  const auto fits = [&](std::string_view taken, std::string_view wanted) {
    one_node test{node_object("n1")};
    test.cluster.set_pod(with_port("a", taken));
    const auto refused = nodeports::filter(*with_port("b", wanted), *test);
    if (!refused.reasons.empty()) {
      CHECK(refused.reasons == reasons{"node(s) didn't have free ports for the requested pod ports"});
      CHECK_FALSE(refused.final);
    }
    return refused.reasons.empty();
  };
  const auto any = R"({"containerPort":1,"hostPort":80})";
  const auto one = R"({"containerPort":1,"hostPort":80,"hostIP":"10.0.0.1"})";
  const auto other = R"({"containerPort":1,"hostPort":80,"hostIP":"10.0.0.2"})";
  CHECK_FALSE(fits(any, any));
  CHECK_FALSE(fits(any, one));
  CHECK_FALSE(fits(one, any));
  CHECK_FALSE(fits(one, one));
  CHECK(fits(one, other));
  CHECK(fits(any, R"({"containerPort":1,"hostPort":81})"));
  CHECK(fits(any, R"({"containerPort":1,"hostPort":80,"protocol":"UDP"})"));
  CHECK(fits(any, R"({"containerPort":80})"));
}

TEST_CASE("each resource that does not suffice is a reason", "[scheduler]") {
  one_node test{node_object("n1", "", R"({"cpu":"2","memory":"4Gi","ephemeral-storage":"10Gi","pods":"2","example.com/gpu":"1"})")};
  test.cluster.set_pod(pod_with("there", R"({"cpu":"1500m","memory":"3Gi","ephemeral-storage":"9Gi","example.com/gpu":"1"})",
                                R"("nodeName":"n1")"));
  const auto refused = [&](const char* requests) { return noderesources::filter(*pod_with("a", requests), *test); };
  CHECK(refused("{}").reasons.empty());
  CHECK(refused(R"({"cpu":"500m","memory":"1Gi","ephemeral-storage":"1Gi"})").reasons.empty()); // exactly what is left
  CHECK(refused(R"({"cpu":"501m"})").reasons == reasons{"Insufficient cpu"});
  CHECK(refused(R"({"memory":"1025Mi"})").reasons == reasons{"Insufficient memory"});
  CHECK(refused(R"({"ephemeral-storage":"2Gi"})").reasons == reasons{"Insufficient ephemeral-storage"});
  CHECK(refused(R"({"example.com/gpu":"1"})").reasons == reasons{"Insufficient example.com/gpu"});
  CHECK(refused(R"({"example.com/none":"1"})").reasons == reasons{"Insufficient example.com/none"});
  CHECK(refused(R"({"example.com/none":"0"})").reasons.empty());
  CHECK(refused(R"({"cpu":"1","memory":"2Gi"})").reasons == reasons{"Insufficient cpu", "Insufficient memory"});
  CHECK_FALSE(refused(R"({"cpu":"2"})").final);
  CHECK(refused(R"({"cpu":"2001m"})").final);
  CHECK(refused(R"({"cpu":"1","memory":"5Gi"})").final);
  test.cluster.set_pod(pod_with("second", "{}", R"("nodeName":"n1")"));
  CHECK(refused("{}").reasons == reasons{"Too many pods"});
  CHECK_FALSE(refused("{}").final);
}

TEST_CASE("the score is the mean of what stays free of cpu and memory, in percent", "[scheduler]") {
  const auto score = [](const char* allocatable, const char* requests) {
    return noderesources::score_least_allocated(*pod_with("a", requests), *one_node{node_object("n1", "", allocatable)});
  };
  CHECK(score(R"({"cpu":"4","memory":"8Gi"})", R"({"cpu":"1","memory":"4Gi"})") == 62); // (75 + 50) / 2
  CHECK(score(R"({"cpu":"4","memory":"8Gi"})", R"({"cpu":"4","memory":"8Gi"})") == 0);
  CHECK(score(R"({"cpu":"4","memory":"8Gi"})", R"({"cpu":"8","memory":"4Gi"})") == 25); // more than there is counts as full
  CHECK(score(R"({"cpu":"4"})", R"({"cpu":"1","memory":"4Gi"})") == 75);                // only what the node has
  CHECK(score("{}", "{}") == 0);
}
