// Hosts on two segments with a router between: packets inside UDP.
#include "tests/integration/podnetwork/hosts.hpp"

#include <catch2/catch.hpp>

using namespace hosts;
using network::served_port;
using plan::mode;

namespace {

// a and b are on one segment, c is on another; b has no tunnel unless told.
struct cluster {
  network_switch sw;
  host a{0, "172.30.0.1"}, b{1, "172.30.0.2"}, c{2, "172.31.0.3"};
  std::vector<plan::node_view> nodes;

  explicit cluster(mode b_mode = mode::vxlan) : nodes{a.node(mode::vxlan), b.node(b_mode), c.node(mode::vxlan)} {
    sw.add_segment("br0", "172.30.0.254/24");
    sw.add_segment("br1", "172.31.0.254/24");
    sw.plug(a, "br0", "port-a", "172.30.0.1/24");
    sw.plug(b, "br0", "port-b", "172.30.0.2/24");
    sw.plug(c, "br1", "port-c", "172.31.0.3/24");
    for (auto* each : {&a, &b})
      each->shell("ip route add default via 172.30.0.254");
    c.shell("ip route add default via 172.31.0.254");
    a.start(mode::vxlan), b.start(b_mode), c.start(mode::vxlan);
  }
  void step(host& at) {
    const auto report = at.reconcile(nodes);
    CHECK(report.error == "");
    CHECK(report.problems.empty());
    CHECK(report.reachable);
  }
};

} // namespace

TEST_CASE("pods on different segments reach each other through the tunnel, with their own addresses", "[podnetwork]") {
  cluster k;
  for (auto* each : {&k.a, &k.b, &k.c})
    k.step(*each);
  for (auto* from : {&k.a, &k.b, &k.c})
    for (auto* to : {&k.a, &k.b, &k.c})
      if (from != to)
        CHECK(from->pod->tcp(to->pod_address, served_port) == "pod-" + to->name + " " + from->pod_address);
  // A host sends into the tunnel from its end of it.
  std::string answer;
  k.a.run([&] { answer = network::request_tcp("10.244.2.2", served_port); });
  CHECK(answer == "pod-c 10.244.0.0");
  CHECK(k.a.own_routes() == "10.244.1.0/24 via 10.244.1.0 dev troupe-vxlan src 10.244.0.0 onlink \n"
                            "10.244.2.0/24 via 10.244.2.0 dev troupe-vxlan src 10.244.0.0 onlink \n");
  const auto device = k.a.output_of("ip -d link show troupe-vxlan");
  CHECK(device.find("mtu 1450") != device.npos);
  CHECK(device.find("vxlan id 1 local 172.30.0.1 dev up0") != device.npos);
  CHECK(device.find("nolearning") != device.npos);
  CHECK(k.a.reconcile(k.nodes).changes == 0);
}

TEST_CASE("entries and the device itself are repaired, and gone with their node", "[podnetwork]") {
  cluster k;
  k.step(k.a), k.step(k.c);
  k.a.shell("ip neigh del 10.244.2.0 dev troupe-vxlan && ip link set troupe-vxlan mtu 1400");
  CHECK(k.a.reconcile(k.nodes).changes > 0);
  CHECK(k.a.pod->tcp("10.244.2.2", served_port) == "pod-c 10.244.0.2");
  k.a.shell("bridge fdb del 02:54:ac:1f:00:03 dev troupe-vxlan dst 172.31.0.3 && ip link set troupe-vxlan down");
  CHECK(k.a.reconcile(k.nodes).changes > 0);
  CHECK(k.a.pod->tcp("10.244.2.2", served_port) == "pod-c 10.244.0.2");
  k.a.shell("ip link del troupe-vxlan");
  k.step(k.a);
  CHECK(k.a.pod->tcp("10.244.2.2", served_port) == "pod-c 10.244.0.2");
  k.nodes.pop_back();
  k.step(k.a);
  CHECK(k.a.output_of("bridge fdb show dev troupe-vxlan").find("172.31.0.3") == std::string::npos);
  CHECK(k.a.output_of("ip neigh show dev troupe-vxlan").find("10.244.2.0") == std::string::npos);
}

TEST_CASE("hosts of both modes can be mixed on a segment", "[podnetwork]") {
  cluster k(mode::routes);
  k.step(k.a);
  for (auto* each : {&k.b, &k.c}) { // out of each other's reach: b has no tunnel
    const auto report = each->reconcile(k.nodes);
    CHECK(report.error == "");
    CHECK(report.problems.size() == 1);
  }
  CHECK(k.a.pod->tcp("10.244.2.2", served_port) == "pod-c 10.244.0.2");
  CHECK(k.a.pod->tcp("10.244.1.2", served_port) == "pod-b 10.244.0.2");
  CHECK(k.b.pod->tcp("10.244.0.2", served_port) == "pod-a 10.244.1.2");
}

TEST_CASE("a host whose mode changes leaves no device behind", "[podnetwork]") {
  cluster k;
  k.step(k.a), k.step(k.b);
  k.nodes = {k.a.node(), k.b.node()};
  k.a.start(mode::routes), k.b.start(mode::routes);
  k.step(k.a), k.step(k.b);
  CHECK(k.a.output_of("ip -br link show type vxlan").empty());
  CHECK(k.a.pod->tcp("10.244.1.2", served_port) == "pod-b 10.244.0.2");
}

TEST_CASE("another's device is not taken over", "[podnetwork]") {
  cluster k;
  k.a.shell("ip link add name troupe-vxlan type vxlan id 9 dstport 4790 local 172.30.0.1");
  const auto report = k.a.reconcile(k.nodes);
  CHECK(report.error == "there is an interface troupe-vxlan that is not ours: give `device` another name");
  CHECK_FALSE(report.reachable);
  k.a.take_back();
  CHECK_FALSE(k.a.output_of("ip -br link show type vxlan").empty());
}

TEST_CASE("a tunnel that the kernel refuses is an error that says what it is about", "[podnetwork]") {
  cluster k;
  k.a.shell("ip link add name other type vxlan id 1 dstport 4789 local 172.30.0.1 dev up0"); // the same tunnel
  const auto report = k.a.reconcile(k.nodes);
  CHECK(report.error.find("make the vxlan device troupe-vxlan: ") == 0);
  CHECK_FALSE(report.reachable);
}

TEST_CASE("large packets fit the tunnel", "[podnetwork]") {
  cluster k;
  k.step(k.a), k.step(k.c);
  // 1450 bytes in all, not to be divided.
  k.a.shell("busybox ping -c 1 -W 2 -s 1422 -I 10.244.0.1 10.244.2.2 >/dev/null");
}
