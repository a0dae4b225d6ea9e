// Three hosts on one segment: plain routes in the kernel, and what comes through them.
#include "tests/integration/podnetwork/hosts.hpp"

#include <catch2/catch.hpp>

using namespace hosts;
using network::served_port;
using plan::mode;

namespace {

struct cluster {
  network_switch sw;
  host a{0, "172.30.0.1"}, b{1, "172.30.0.2"}, c{2, "172.30.0.3"};
  std::vector<plan::node_view> nodes{a.node(), b.node(), c.node()};

  cluster() {
    sw.add_segment("br0", "172.30.0.254/24");
    for (auto* each : {&a, &b, &c}) {
      sw.plug(*each, "br0", "port-" + each->name, each->address + "/24");
      each->start(mode::routes);
      step(*each);
    }
  }
  void step(host& at) {
    const auto report = at.reconcile(nodes);
    CHECK(report.error == "");
    CHECK(report.problems.empty());
    CHECK(report.routes == nodes.size() - 1);
    CHECK(report.pod_mtu == 1500);
    CHECK(report.reachable);
  }
};

} // namespace

TEST_CASE("pods on three hosts reach each other and are seen with their own addresses", "[podnetwork]") {
  cluster k;
  for (auto* from : {&k.a, &k.b, &k.c})
    for (auto* to : {&k.a, &k.b, &k.c}) {
      if (from == to)
        continue;
      CHECK(from->pod->tcp(to->pod_address, served_port) == "pod-" + to->name + " " + from->pod_address);
      CHECK(from->pod->udp(to->pod_address, served_port) == "pod-" + to->name + " " + from->pod_address);
    }
  // A host itself is seen with the address that its Node has.
  std::string answer;
  k.a.run([&] { answer = network::request_tcp("10.244.1.2", served_port); });
  CHECK(answer == "pod-b 172.30.0.1");
  CHECK(k.a.own_routes() == "10.244.1.0/24 via 172.30.0.2 dev up0 src 172.30.0.1 \n"
                            "10.244.2.0/24 via 172.30.0.3 dev up0 src 172.30.0.1 \n");
}

TEST_CASE("routes stay over a crash of the role, and its successor writes nothing anew", "[podnetwork]") {
  cluster k;
  k.a.crash();
  CHECK(k.a.pod->tcp("10.244.1.2", served_port) == "pod-b 10.244.0.2");
  k.a.start(mode::routes);
  const auto report = k.a.reconcile(k.nodes);
  CHECK(report.error == "");
  CHECK(report.changes == 1); // the masquerading rules, whose set of nodes it does not read
  CHECK(k.a.reconcile(k.nodes).changes == 0);
}

TEST_CASE("what others remove or change is repaired, what is theirs stays", "[podnetwork]") {
  cluster k;
  k.a.shell("ip route add 10.250.0.0/24 via 172.30.0.254 && ip route add 192.0.2.0/24 dev up0 proto static");
  k.a.shell("ip route del 10.244.1.0/24 && ip route change 10.244.2.0/24 via 172.30.0.254 proto 116");
  k.a.shell("ip route add 10.244.77.0/24 via 172.30.0.254 proto 116 && nft flush ruleset");
  CHECK(k.a.pod->tcp("10.244.1.2", served_port) != "pod-b 10.244.0.2");
  CHECK(k.a.reconcile(k.nodes).changes == 4);
  CHECK(k.a.pod->tcp("10.244.1.2", served_port) == "pod-b 10.244.0.2");
  CHECK(k.a.pod->tcp("10.244.2.2", served_port) == "pod-c 10.244.0.2");
  const auto routes = k.a.output_of("ip route show");
  CHECK(routes.find("10.250.0.0/24") != routes.npos);
  CHECK(routes.find("192.0.2.0/24") != routes.npos);
  CHECK(routes.find("10.244.77.0/24") == routes.npos);
}

TEST_CASE("a link that goes down takes its routes, which come back with it", "[podnetwork]") {
  cluster k;
  k.a.shell("ip link set up0 down");
  CHECK(k.a.own_routes().empty());
  CHECK_FALSE(k.a.reconcile(k.nodes).error.empty());
  k.a.shell("ip link set up0 up");
  k.step(k.a);
  CHECK(k.a.pod->tcp("10.244.1.2", served_port) == "pod-b 10.244.0.2");
}

TEST_CASE("a node that is deleted or moves loses its route or gets another", "[podnetwork]") {
  cluster k;
  k.nodes = {k.a.node(), k.b.node()};
  k.step(k.a);
  CHECK(k.a.own_routes() == "10.244.1.0/24 via 172.30.0.2 dev up0 src 172.30.0.1 \n");
  k.nodes[1].address = runtime::net::parse_ipv4("172.30.0.9");
  k.step(k.a);
  CHECK(k.a.own_routes() == "10.244.1.0/24 via 172.30.0.9 dev up0 src 172.30.0.1 \n");
}

TEST_CASE("another's route to a node's range is reported and left alone", "[podnetwork]") {
  cluster k;
  k.nodes = {k.a.node(), k.b.node()};
  k.step(k.a);
  k.a.shell("ip route add 10.244.2.0/24 via 172.30.0.3 proto static");
  k.nodes.push_back(k.c.node());
  const auto report = k.a.reconcile(k.nodes);
  CHECK(report.error == "");
  CHECK(report.problems == std::vector<std::string>{"there is a route to 10.244.2.0/24 that is not ours: left as it is"});
}

TEST_CASE("a pod has its host's address towards the world, and its own towards other hosts", "[podnetwork]") {
  cluster k;
  place world;
  k.sw.plug(world, "br0", "port-w", "172.30.0.200/24"); // knows no way to pods
  std::unique_ptr<network::pod> server;
  // A server in the world, and one on host b itself.
  world.run([&] { server = std::make_unique<network::pod>("world", "veth-w", "198.51.100.2/24", "198.51.100.1"); });
  world.shell("ip addr add 198.51.100.1/24 dev veth-w && echo 1 > /proc/sys/net/ipv4/ip_forward");
  k.a.shell("ip route add 198.51.100.0/24 via 172.30.0.200");
  CHECK(k.a.pod->tcp("198.51.100.2", served_port) == "world 172.30.0.1");
  CHECK(k.a.pod->udp("198.51.100.2", served_port) == "world 172.30.0.1");
  world.run([&] { server.reset(); });
}

TEST_CASE("a role that leaves its host takes everything with it, and nothing else", "[podnetwork]") {
  cluster k;
  k.a.shell("nft add table ip somebody && ip route add 10.250.0.0/24 via 172.30.0.254");
  k.a.take_back();
  CHECK(k.a.own_routes().empty());
  CHECK(k.a.output_of("nft list tables") == "table ip somebody\n");
  CHECK(k.a.output_of("ip route show 10.250.0.0/24") != "");
  k.a.take_back(); // nothing left is no error
}
