// The picture of the nodes with what their pods take.
#include "tests/unit/actors/scheduler/samples.hpp"

using namespace samples;

TEST_CASE("a node's sums follow its pods", "[scheduler]") {
  one_node test{node_object("n1")};
  test.cluster.set_pod(pod_with("a", R"({"cpu":"1","memory":"1Gi"})", R"("nodeName":"n1")"));
  test.cluster.set_pod(pod_with("b", R"({"cpu":"500m"})", R"("nodeName":"n1","priority":-5)"));
  CHECK((*test).requested.milli_cpu == 1500);
  CHECK((*test).pods == 2);
  CHECK((*test).lowest_priority() == -5);
  test.cluster.set_pod(pod_with("a", R"({"cpu":"250m"})", R"("nodeName":"n1")")); // resized: replaces, does not add
  CHECK((*test).requested.milli_cpu == 750);
  CHECK((*test).requested.memory == 0);
  CHECK((*test).pods == 2);
  test.cluster.remove_pod("default/b");
  test.cluster.remove_pod("default/b");
  CHECK((*test).requested.milli_cpu == 250);
  CHECK((*test).lowest_priority() == 0);
}

TEST_CASE("a host port that two pods take is free when both are gone", "[scheduler]") {
  one_node test{node_object("n1")};
  const auto pod = [](const char* name) {
    return make_pod(name, R"({"nodeName":"n1","containers":[{"name":"x","image":"i","ports":[{"containerPort":80,"hostPort":80}]}]})");
  };
  test.cluster.set_pod(pod("a"));
  test.cluster.set_pod(pod("b"));
  test.cluster.remove_pod("default/a");
  CHECK((*test).host_ports.size() == 1);
  test.cluster.remove_pod("default/b");
  CHECK((*test).host_ports.empty());
}

TEST_CASE("a pod that is being bound counts, until it is forgotten or known to be bound", "[scheduler]") {
  one_node test{node_object("n1")};
  test.cluster.assume(pod_with("a", R"({"cpu":"1"})"), "n1");
  CHECK((*test).requested.milli_cpu == 1000);
  CHECK(test.cluster.is_assumed("default/a"));
  test.cluster.forget("default/a");
  CHECK((*test).requested.milli_cpu == 0);
  test.cluster.assume(pod_with("a", R"({"cpu":"1"})"), "n1");
  test.cluster.set_pod(pod_with("a", R"({"cpu":"1"})", R"("nodeName":"n1")"));
  CHECK_FALSE(test.cluster.is_assumed("default/a"));
  test.cluster.forget("default/a"); // no longer a guess: stays
  CHECK((*test).requested.milli_cpu == 1000);
}

TEST_CASE("pods on a node that is not known yet, or no longer, count when it is there", "[scheduler]") {
  scheduler::cache::cluster_cache cluster;
  cluster.set_pod(pod_with("a", R"({"cpu":"1"})", R"("nodeName":"n1")"));
  CHECK(cluster.known_nodes() == 0);
  add_node(cluster, "n1");
  CHECK(cluster.known_nodes() == 1);
  CHECK(cluster.nodes().at("n1").requested.milli_cpu == 1000);
  add_node(cluster, "n1");
  CHECK(cluster.known_nodes() == 1);
  cluster.remove_node("n1");
  CHECK(cluster.known_nodes() == 0);
  CHECK(cluster.nodes().size() == 1);
  cluster.remove_pod("default/a");
  CHECK(cluster.nodes().empty()); // nothing is kept of what is gone
}
