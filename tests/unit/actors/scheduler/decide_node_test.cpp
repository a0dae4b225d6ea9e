// Filters and scores together, and upstream's FailedScheduling message.
#include "tests/unit/actors/scheduler/samples.hpp"

using namespace samples;
using scheduler::decide_node;
using scheduler::node_decision;

namespace {

node_decision decide(const pod_ptr& pod, const scheduler::cache::cluster_cache& cluster, uint64_t choice = 0) {
  return decide_node(*pod, cluster, scheduler::plugins::registry(), [choice](uint64_t bound) { return choice % bound; });
}

constexpr auto cordoned = R"("spec":{"unschedulable":true,"taints":[{"key":"node.kubernetes.io/unschedulable","effect":"NoSchedule"}]})";
constexpr auto tainted = R"("spec":{"taints":[{"key":"dedicated","value":"db","effect":"NoSchedule"}]})";

} // namespace

TEST_CASE("without nodes there is upstream's sentence for that", "[scheduler]") {
  scheduler::cache::cluster_cache cluster;
  cluster.set_pod(pod_with("a", "{}", R"("nodeName":"unknown")"));
  const auto decision = decide(pod_with("b", "{}"), cluster);
  CHECK(decision.node.empty());
  CHECK(decision.message() == "no nodes available to schedule pods");
}

TEST_CASE("the emptier node is chosen", "[scheduler]") {
  scheduler::cache::cluster_cache cluster;
  add_node(cluster, "n1");
  add_node(cluster, "n2");
  cluster.set_pod(pod_with("a", R"({"cpu":"1"})", R"("nodeName":"n1")"));
  CHECK(decide(pod_with("b", R"({"cpu":"100m"})"), cluster).node == "n2");
}

TEST_CASE("pods that request nothing spread too", "[scheduler]") {
  scheduler::cache::cluster_cache cluster;
  add_node(cluster, "n1");
  add_node(cluster, "n2");
  for (int i = 0; i < 10; ++i) {
    const auto pod = pod_with(fmt::format("p{}", i), "{}");
    cluster.assume(pod, decide(pod, cluster, i).node);
  }
  CHECK(cluster.nodes().at("n1").pods == 5);
  CHECK(cluster.nodes().at("n2").pods == 5);
}

TEST_CASE("of equals the random number decides", "[scheduler]") {
  scheduler::cache::cluster_cache cluster;
  for (const auto* name : {"n1", "n2", "n3"})
    add_node(cluster, name);
  const auto pod = pod_with("a", "{}");
  CHECK(decide(pod, cluster, 0).node == "n1");
  CHECK(decide(pod, cluster, 1).node == "n2");
  CHECK(decide(pod, cluster, 2).node == "n3");
}

TEST_CASE("in a large cluster the search ends when enough nodes fit, and the next one goes on from there", "[scheduler]") {
  scheduler::cache::cluster_cache cluster;
  constexpr size_t count = 2 * scheduler::nodes_scored_max + 50;
  for (size_t i = 0; i < count; ++i)
    add_node(cluster, node_object(fmt::format("n{:03}", i)));
  std::set<std::string> used;
  std::string after;
  for (size_t i = 0; i < count; ++i) {
    const auto pod = pod_with(fmt::format("p{}", i), R"({"cpu":"1"})");
    const auto decision = decide_node(*pod, cluster, scheduler::plugins::registry(), [](uint64_t) { return 0; }, after);
    REQUIRE(!decision.last_asked.empty());
    after = decision.last_asked;
    cluster.assume(pod, decision.node);
    used.insert(decision.node);
  }
  CHECK(used.size() == count); // every node had its turn before one got a second pod
  // What does not fit anywhere has asked all, wherever the search began.
  const auto huge = decide_node(*pod_with("huge", R"({"cpu":"1000"})"), cluster, scheduler::plugins::registry(),
                                [](uint64_t) { return 0; }, after);
  CHECK(huge.node.empty());
  CHECK(huge.reasons.at("Insufficient cpu") == count);
}

TEST_CASE("a preferred node wins over an emptier one by its weight", "[scheduler]") {
  scheduler::cache::cluster_cache cluster;
  draft ssd = node_object("n1");
  ssd["metadata"].set("labels", json(R"({"disk":"ssd"})"));
  add_node(cluster, ssd);
  add_node(cluster, "n2");
  cluster.set_pod(pod_with("a", R"({"cpu":"1","memory":"2Gi"})", R"("nodeName":"n1")"));
  const auto pod = pod_with("b", "{}", R"("affinity":{"nodeAffinity":{"preferredDuringSchedulingIgnoredDuringExecution":[
    {"weight":1,"preference":{"matchExpressions":[{"key":"disk","operator":"In","values":["ssd"]}]}}]}})");
  CHECK(decide(pod, cluster).node == "n1");
  CHECK(decide(pod_with("b", "{}"), cluster).node == "n2");
}

TEST_CASE("a node with a taint to avoid is taken only when there is no other", "[scheduler]") {
  scheduler::cache::cluster_cache cluster;
  add_node(cluster, node_object("n1", R"("spec":{"taints":[{"key":"old","effect":"PreferNoSchedule"}]})"));
  CHECK(decide(pod_with("a", "{}"), cluster).node == "n1");
  add_node(cluster, "n2");
  cluster.set_pod(pod_with("b", R"({"cpu":"2","memory":"4Gi"})", R"("nodeName":"n2")"));
  CHECK(decide(pod_with("a", "{}"), cluster).node == "n2");
}

TEST_CASE("the message counts the reasons, sorted, then says what preemption would find", "[scheduler]") {
  scheduler::cache::cluster_cache cluster;
  add_node(cluster, node_object("n1", cordoned));
  add_node(cluster, node_object("n2", tainted));
  for (const auto* name : {"n3", "n4"}) {
    add_node(cluster, name);
    cluster.set_pod(pod_with(fmt::format("on-{}", name), R"({"cpu":"3","memory":"7Gi"})", fmt::format(R"("nodeName":"{}")", name)));
  }
  const auto decision = decide(pod_with("a", R"({"cpu":"2","memory":"1536Mi"})"), cluster);
  CHECK(decision.node.empty());
  CHECK(decision.message() ==
        "0/4 nodes are available: 1 node(s) had untolerated taint(s), 1 node(s) were unschedulable, 2 Insufficient cpu, 2 "
        "Insufficient memory. no new claims to deallocate, preemption: 0/4 nodes are available: 2 No preemption victims found "
        "for incoming pod, 2 Preemption is not helpful for scheduling.");
}

TEST_CASE("no eviction makes a node larger than it is", "[scheduler]") {
  scheduler::cache::cluster_cache cluster;
  add_node(cluster, "n1");
  CHECK(decide(pod_with("a", R"({"cpu":"5"})"), cluster).message() ==
        "0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: 0/1 nodes are available: 1 "
        "Preemption is not helpful for scheduling.");
}

TEST_CASE("where less important pods are in the way the message ends with the reasons", "[scheduler]") {
  scheduler::cache::cluster_cache cluster;
  add_node(cluster, "n1");
  cluster.set_pod(pod_with("a", R"({"cpu":"3"})", R"("nodeName":"n1")"));
  CHECK(decide(pod_with("b", R"({"cpu":"2"})", R"("priority":10)"), cluster).message() ==
        "0/1 nodes are available: 1 Insufficient cpu.");
}

TEST_CASE("a pod that must not preempt says so", "[scheduler]") {
  scheduler::cache::cluster_cache cluster;
  add_node(cluster, node_object("n1", cordoned));
  CHECK(decide(pod_with("a", "{}", R"("preemptionPolicy":"Never")"), cluster).message() ==
        "0/1 nodes are available: 1 node(s) were unschedulable. no new claims to deallocate, preemption: not eligible due to "
        "preemptionPolicy=Never.");
}

TEST_CASE("a pod that names its node asks no other", "[scheduler]") {
  const auto named = [](std::string_view values) {
    return pod_with("a", "{}", fmt::format(R"("affinity":{{"nodeAffinity":{{"requiredDuringSchedulingIgnoredDuringExecution":
      {{"nodeSelectorTerms":[{{"matchFields":[{{"key":"metadata.name","operator":"In","values":["{}"]}}]}}]}}}}}})", values));
  };
  scheduler::cache::cluster_cache cluster;
  add_node(cluster, node_object("n1", cordoned));
  add_node(cluster, "n2");
  add_node(cluster, "n3");
  CHECK(decide(named("n2"), cluster).node == "n2");
  const auto refused = decide(named("n1"), cluster);
  CHECK(refused.node.empty());
  CHECK(refused.message() ==
        "0/3 nodes are available: 1 node(s) were unschedulable, 2 node(s) didn't satisfy plugin(s) [NodeAffinity]. no new "
        "claims to deallocate, preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.");
  CHECK_THAT(decide(named("n9"), cluster).message(),
             Catch::StartsWith("0/3 nodes are available: 3 node(s) didn't satisfy plugin(s) [NodeAffinity]."));
}

TEST_CASE("a pod that names no node that can be says so", "[scheduler]") {
  scheduler::cache::cluster_cache cluster;
  add_node(cluster, "n1");
  const auto decision = decide(pod_with("a", "{}", R"("affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":
    {"nodeSelectorTerms":[{"matchFields":[{"key":"metadata.name","operator":"In","values":["n1"]},
                                          {"key":"metadata.name","operator":"In","values":["n2"]}]}]}}})"), cluster);
  CHECK(decision.node.empty());
  CHECK(decision.message() ==
        "0/1 nodes are available: pod affinity terms conflict. no new claims to deallocate, preemption: 0/1 nodes are "
        "available: 1 Preemption is not helpful for scheduling.");
}
