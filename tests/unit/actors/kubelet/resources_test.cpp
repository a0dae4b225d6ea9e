// Cgroup values and the environment of containers.
#include <catch2/catch.hpp>
#include "actors/kubelet/resources/cgroups.hpp"
#include "actors/kubelet/resources/environment.hpp"
#include "sample_pods.hpp"

using namespace sample;
using namespace actors::kubelet::resources;
using pods::env_source;

TEST_CASE("cpu and memory become cgroup values") {
  CHECK(cpu_shares(0) == 2);
  CHECK(cpu_shares(100) == 102);
  CHECK(cpu_shares(1000) == 1024);
  CHECK(cpu_quota_us(1500) == 150000);
  CHECK(cpu_quota_us(1) == 1000);
  auto p = pod();
  auto& r = p.containers[0].resources;
  CHECK(container_values(p, p.containers[0], 1 << 30).oom_score_adj == 1000);
  r.limits = {500, 256 << 20, {}};
  r.requests = {250, 512 << 20, {}};
  auto v = container_values(p, p.containers[0], int64_t(1) << 30);
  CHECK(v.cpu_shares == 256);
  CHECK(v.cpu_quota == 50000);
  CHECK(v.memory_limit == 256 << 20);
  CHECK(v.oom_score_adj == 500);
  r.requests = r.limits;
  CHECK(container_values(p, p.containers[0], 1 << 30).oom_score_adj == -997);
}

TEST_CASE("cgroup folders follow the quality of service") {
  auto p = pod();
  CHECK(cgroup_parent("node-a", p) == "/troupe-node-a/besteffort/poduid-1");
  p.containers[0].resources.requests.cpu_milli = 1;
  CHECK(cgroup_parent("node-a", p) == "/troupe-node-a/burstable/poduid-1");
}

TEST_CASE("$(VAR) expansion") {
  std::map<std::string, std::string> v{{"A", "1"}, {"B", "x y"}};
  CHECK(expand("$(A)-$(B)", v) == "1-x y");
  CHECK(expand("$(NONE) $$(A) $A $", v) == "$(NONE) $(A) $A $");
  CHECK(expand("$(A", v) == "$(A");
}

TEST_CASE("services become variables, of the own namespace and the API's") {
  std::vector<service_link> services{
    {"default", "my-db", "10.96.0.7", {{"sql", "TCP", 5432}, {"", "UDP", 53}}},
    {"other", "x", "10.96.0.8", {{"", "TCP", 1}}},
    {"default", "headless", "None", {{"", "TCP", 1}}},
    {"default", "kubernetes", "10.96.0.1", {{"https", "TCP", 443}}}};
  auto v = service_variables(pod(), services);
  CHECK(v["MY_DB_SERVICE_HOST"] == "10.96.0.7");
  CHECK(v["MY_DB_SERVICE_PORT"] == "5432");
  CHECK(v["MY_DB_SERVICE_PORT_SQL"] == "5432");
  CHECK(v["MY_DB_PORT"] == "tcp://10.96.0.7:5432");
  CHECK(v["MY_DB_PORT_53_UDP"] == "udp://10.96.0.7:53");
  CHECK(v["MY_DB_PORT_53_UDP_PROTO"] == "udp");
  CHECK_FALSE(v.count("X_SERVICE_HOST"));
  CHECK_FALSE(v.count("HEADLESS_SERVICE_HOST"));
  auto p = pod();
  p.service_links = false;
  v = service_variables(p, services);
  CHECK(v.count("KUBERNETES_SERVICE_HOST"));
  CHECK_FALSE(v.count("MY_DB_SERVICE_HOST"));
}

TEST_CASE("environment from objects, fields and resources") {
  auto p = pod();
  p.labels["app"] = "web";
  auto& c = p.containers[0];
  c.resources.limits.cpu_milli = 250;
  c.env_from_sources = {{"P_", "cm", "", false}};
  c.env = {{"A", "1"}, {"B", "$(A)$(P_key)"}};
  c.env.push_back({"S", "", env_source::secret_key, "sec", "pass"});
  c.env.push_back({"IP", "", env_source::field, "", "", false, "status.podIP"});
  c.env.push_back({"L", "", env_source::field, "", "", false, "metadata.labels['app']"});
  c.env.push_back({"CPU", "", env_source::resource, "", "", false, "", "", "limits.cpu", 1000});
  object_table objects{
    {{object_kind::config_map, "cm"}, std::make_shared<object_data>(object_data{{"key", "v"}})},
    {{object_kind::secret, "sec"}, std::make_shared<object_data>(object_data{{"pass", "pw"}})}};
  auto env = make_environment(p, c, objects, {}, {"1.1.1.1", {"10.0.0.9"}, {}});
  CHECK(
    env ==
    env_list{
      {"P_key", "v"}, {"A", "1"}, {"B", "1v"}, {"S", "pw"}, {"IP", "10.0.0.9"}, {"L", "web"}, {"CPU", "1"}});
  CHECK(referenced_objects(p).size() == 2);
  objects.erase({object_kind::secret, "sec"});
  CHECK_THROWS_WITH(make_environment(p, c, objects, {}, {}), "secret \"sec\" not found");
  objects[{object_kind::secret, "sec"}] = std::make_shared<object_data>();
  CHECK_THROWS_WITH(make_environment(p, c, objects, {}, {}), "couldn't find key pass in Secret default/sec");
}
