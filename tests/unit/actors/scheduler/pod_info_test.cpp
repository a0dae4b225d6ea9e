// What a pod requests, and which host ports it takes.
#include "tests/unit/actors/scheduler/samples.hpp"

using namespace samples;
using scheduler::cache::host_port;

namespace {
constexpr int64_t mi = 1024 * 1024;
}

TEST_CASE("containers run together: their requests add up", "[scheduler]") {
  const auto pod = make_pod("a", R"({"containers":[
    {"name":"x","image":"i","resources":{"requests":{"cpu":"100m","memory":"64Mi","example.com/gpu":"1"}}},
    {"name":"y","image":"i","resources":{"requests":{"cpu":"1.5","ephemeral-storage":"1Gi","example.com/gpu":"2"}}}]})");
  CHECK(pod->requests.milli_cpu == 1600);
  CHECK(pod->requests.memory == 64 * mi);
  CHECK(pod->requests.ephemeral_storage == 1024 * mi);
  CHECK(pod->requests.scalars.at("example.com/gpu") == 3);
}

TEST_CASE("init containers run one after the other: the largest counts when it needs more than the containers", "[scheduler]") {
  const auto pod = make_pod("a", R"({"containers":[{"name":"x","image":"i","resources":{"requests":{"cpu":"300m","memory":"10Mi"}}}],
    "initContainers":[{"name":"i","image":"i","resources":{"requests":{"cpu":"200m","memory":"50Mi"}}},
                      {"name":"j","image":"i","resources":{"requests":{"cpu":"250m","memory":"40Mi"}}}]})");
  CHECK(pod->requests.milli_cpu == 300);
  CHECK(pod->requests.memory == 50 * mi);
}

TEST_CASE("a sidecar counts with the containers and with the init containers that follow it", "[scheduler]") {
  const auto pod = make_pod("a", R"({"containers":[{"name":"x","image":"i","resources":{"requests":{"cpu":"100m"}}}],
    "initContainers":[{"name":"before","image":"i","resources":{"requests":{"cpu":"400m"}}},
                      {"name":"side","image":"i","restartPolicy":"Always","resources":{"requests":{"cpu":"50m"}}},
                      {"name":"after","image":"i","resources":{"requests":{"cpu":"380m"}}}]})");
  CHECK(pod->requests.milli_cpu == 430); // after + side, more than before alone and than x + side
}

TEST_CASE("overhead is added, and requests of the pod as a whole replace those of its containers", "[scheduler]") {
  const auto with_overhead = make_pod("a", R"({"overhead":{"cpu":"10m"},
    "containers":[{"name":"x","image":"i","resources":{"requests":{"cpu":"100m"}}}]})");
  CHECK(with_overhead->requests.milli_cpu == 110);
  const auto whole = make_pod("a", R"({"overhead":{"cpu":"10m"},"resources":{"requests":{"cpu":"2"}},
    "containers":[{"name":"x","image":"i","resources":{"requests":{"cpu":"100m","memory":"32Mi"}}}]})");
  CHECK(whole->requests.milli_cpu == 2010);
  CHECK(whole->requests.memory == 32 * mi);
}

TEST_CASE("for scoring, a container that does not say counts as 100m and 200Mi; zero is an answer", "[scheduler]") {
  CHECK(pod_with("a", "{}")->nonzero_requests.milli_cpu == 100);
  CHECK(pod_with("a", "{}")->nonzero_requests.memory == 200 * mi);
  CHECK(pod_with("a", R"({"cpu":"0"})")->nonzero_requests.milli_cpu == 0);
  CHECK(pod_with("a", "{}")->requests.milli_cpu == 0);
  const auto two = make_pod("a", R"({"containers":[{"name":"x","image":"i"},
    {"name":"y","image":"i","resources":{"requests":{"cpu":"300m"}}}]})");
  CHECK(two->nonzero_requests.milli_cpu == 400);
  const auto whole = make_pod("a", R"({"resources":{"requests":{"cpu":"1"}},"containers":[{"name":"x","image":"i"}]})");
  CHECK(whole->nonzero_requests.milli_cpu == 1000);
  CHECK(whole->nonzero_requests.memory == 200 * mi);
}

TEST_CASE("absurd amounts do not overflow the sums", "[scheduler]") {
  const auto pod = make_pod("a", R"({"containers":[{"name":"x","image":"i","resources":{"requests":{"memory":"8Ei","cpu":"9E"}}},
    {"name":"y","image":"i","resources":{"requests":{"memory":"8Ei","cpu":"9E"}}}]})");
  CHECK(pod->requests.memory > 0);
  CHECK(pod->requests.milli_cpu > 0);
  CHECK(scheduler::plugins::registry().back().filter(*pod, *one_node{node_object("n")}).reasons ==
        std::vector<std::string>{"Insufficient cpu", "Insufficient memory"});
}

TEST_CASE("host ports are those of containers and sidecars, with their defaults", "[scheduler]") {
  const auto pod = make_pod("a", R"({"containers":[{"name":"x","image":"i","ports":[{"containerPort":80,"hostPort":8080},{"containerPort":81}]}],
    "initContainers":[
      {"name":"side","image":"i","restartPolicy":"Always","ports":[{"containerPort":53,"hostPort":53,"protocol":"UDP","hostIP":"10.0.0.1"}]},
      {"name":"init","image":"i","ports":[{"containerPort":9,"hostPort":9}]}]})");
  CHECK(pod->host_ports == std::set<host_port>{{"TCP", "0.0.0.0", 8080}, {"UDP", "10.0.0.1", 53}});
}

TEST_CASE("where a pod is and how important it is", "[scheduler]") {
  CHECK(pod_with("a", "{}")->node.empty());
  const auto bound = pod_with("a", "{}", R"("nodeName":"n1","priority":2000)");
  CHECK(bound->node == "n1");
  CHECK(bound->priority == 2000);
  CHECK(bound->uid == "uid-a");
}
