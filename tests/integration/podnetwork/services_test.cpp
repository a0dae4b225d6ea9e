// Services over several hosts: the proxy's rules and the pod network together.
#include "actors/proxy/nftables/table_writer.hpp"
#include "tests/integration/podnetwork/hosts.hpp"
#include "tests/unit/actors/proxy/samples.hpp"

#include <catch2/catch.hpp>

using namespace hosts;
using network::served_port;
using plan::mode;

namespace {

constexpr const char* web_ip = "10.96.0.10";
constexpr int node_port = 30080;

// A service with one endpoint, the pod of host c, and a proxy on each host.
struct cluster {
  network_switch sw;
  host a{0, "172.30.0.1"}, b{1, "172.30.0.2"}, c{2, "172.30.0.3"};
  std::map<host*, std::unique_ptr<actors::proxy::nftables::table_writer>> proxies;

  explicit cluster(mode how) {
    sw.add_segment("br0", "172.30.0.254/24");
    const std::vector<plan::node_view> nodes{a.node(how), b.node(how), c.node(how)};
    for (auto* each : {&a, &b, &c}) {
      sw.plug(*each, "br0", "port-" + each->name, each->address + "/24");
      each->start(how);
      CHECK(each->reconcile(nodes).error == "");
      each->run([&] { start_proxy(*each); });
    }
  }
  ~cluster() {
    for (auto& [at, writer] : proxies)
      at->run([&writer = writer] { writer.reset(); });
  }

  void start_proxy(host& at) {
    // Names of tables are unique within a process.
    auto& writer = proxies[&at];
    writer = std::make_unique<actors::proxy::nftables::table_writer>(
      actors::proxy::nftables::table_settings{"troupe-test-" + at.name, "10.244.0.0/16", "10.96.0.0/16"});
    samples::service_tracker tracker{at.name};
    tracker.put(samples::web("web", web_ip, node_port));
    tracker.put(samples::slice({samples::at("10.244.2.2")}));
    const auto report = writer->write(tracker.take_delta());
    CHECK_FALSE(report.error);
  }
};

} // namespace

TEST_CASE("services reach pods of other hosts: pods keep their address, others get the node's", "[podnetwork]") {
  const auto how = GENERATE(mode::routes, mode::vxlan);
  cluster k(how);
  const bool tunnelled = how == mode::vxlan;
  CHECK(k.a.pod->tcp(web_ip, 80) == "pod-c 10.244.0.2");
  CHECK(k.c.pod->tcp(web_ip, 80) == "pod-c 10.244.2.1"); // to itself: by its bridge
  // The node port of each host, from a host and from pods; the answer has to come back the same way.
  std::string answer;
  for (const auto* address : {"172.30.0.1", "172.30.0.2", "172.30.0.3"}) {
    k.a.run([&] { answer = network::request_tcp(address, node_port); });
    CHECK(answer.substr(0, 6) == "pod-c ");
    CHECK(k.a.pod->tcp(address, node_port).substr(0, 6) == "pod-c ");
    CHECK(k.b.pod->tcp(address, node_port).substr(0, 6) == "pod-c ");
  }
  k.a.run([&] { answer = network::request_tcp(web_ip, 80); });
  CHECK(answer.substr(0, 6) == "pod-c "); // from whichever address of its own the host chooses: all lead back to it
  // From outside of the cluster, through a host without the endpoint.
  place world;
  k.sw.plug(world, "br0", "port-w", "172.30.0.200/24");
  world.run([&] { answer = network::request_tcp("172.30.0.2", node_port); });
  CHECK(answer == (tunnelled ? "pod-c 10.244.1.0" : "pod-c 172.30.0.2"));
}
