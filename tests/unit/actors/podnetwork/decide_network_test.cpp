// Nodes and links to routes, neighbours and rules.
#include "actors/podnetwork/plan/changes.hpp"
#include "actors/podnetwork/plan/decide_network.hpp"
#include "actors/podnetwork/plan/masquerade.hpp"

#include <catch2/catch.hpp>

using namespace actors::podnetwork::plan;
using runtime::net::parse_ipv4;
using runtime::net::parse_ipv4_network;

namespace {

ipv4 ip(const char* text) { return parse_ipv4(text).value(); }
ipv4_network net(const char* text) { return parse_ipv4_network(text).value(); }

network_settings settings_for(mode how = mode::routes) {
  network_settings result;
  result.node = "a";
  result.cluster = net("10.244.0.0/16");
  result.how = how;
  return result;
}

node_view node(const char* name, const char* address, const char* range, const char* transport = "routes") {
  return {name, ip(address), {net(range)}, transport, false};
}

std::vector<local_link> links(uint32_t mtu = 1500) {
  return {{1, "lo", 65536, true, ip("127.0.0.1"), net("127.0.0.0/8")},
          {7, "up0", mtu, false, ip("172.30.0.1"), net("172.30.0.0/24")}};
}

const node_view own = node("a", "172.30.0.1", "10.244.0.0/24");
const node_view near_b = node("b", "172.30.0.2", "10.244.1.0/24");
const node_view far_c = node("c", "172.31.0.3", "10.244.2.0/24");
constexpr const char* tunnelled = "vxlan:1:4789";

} // namespace

TEST_CASE("nodes on the segment are reached by plain routes", "[podnetwork]") {
  const auto result = decide_network(settings_for(), {own, near_b}, links());
  CHECK(result.failure.empty());
  CHECK(result.problems.empty());
  CHECK(result.routes == std::map<ipv4_network, next_hop>{{net("10.244.1.0/24"), {ip("172.30.0.2"), 7, ip("172.30.0.1")}}});
  CHECK(result.direct_nodes == std::set<ipv4>{ip("172.30.0.2")});
  CHECK(result.pod_mtu == 1500);
  CHECK_FALSE(result.tunnel);
}

TEST_CASE("a node on another segment needs the tunnel, and the problem says so", "[podnetwork]") {
  const auto result = decide_network(settings_for(), {own, near_b, far_c}, links());
  CHECK(result.routes.size() == 1);
  CHECK(result.problems == std::vector<std::string>{"c (172.31.0.3) is not on a network segment of this host: that takes "
                                                    "`mode: vxlan` on both hosts"});
}

TEST_CASE("hosts of both modes can be mixed", "[podnetwork]") {
  auto c = far_c;
  c.transport = tunnelled;
  const auto result = decide_network(settings_for(mode::vxlan), {own, near_b, c}, links());
  CHECK(result.problems.empty());
  REQUIRE(result.tunnel);
  CHECK(result.tunnel->mtu == 1450);
  CHECK(result.tunnel->link == 7);
  CHECK(result.tunnel->local == ip("172.30.0.1"));
  CHECK(result.tunnel_address == ip("10.244.0.0"));
  CHECK(result.pod_mtu == 1450);
  const auto mac = mac_address{0x02, 0x54, 172, 31, 0, 3};
  CHECK(tunnel_mac(ip("172.31.0.3")) == mac);
  CHECK(result.routes == std::map<ipv4_network, next_hop>{
                           {net("10.244.1.0/24"), {ip("172.30.0.2"), 7, ip("172.30.0.1")}},
                           {net("10.244.2.0/24"), {ip("10.244.2.0"), 0, ip("10.244.0.0")}}});
  CHECK(result.neighbours == std::map<ipv4, mac_address>{{ip("10.244.2.0"), mac}});
  CHECK(result.forwarding == std::map<mac_address, ipv4>{{mac, ip("172.31.0.3")}});
  // To c the node's own address is needed: the answer comes through the tunnel otherwise.
  CHECK(result.direct_nodes == std::set<ipv4>{ip("172.30.0.2")});
}

TEST_CASE("a tunnel needs both ends to be the same", "[podnetwork]") {
  auto c = far_c;
  c.transport = "vxlan:2:4789";
  auto result = decide_network(settings_for(mode::vxlan), {own, c}, links());
  CHECK(result.problems == std::vector<std::string>{"c (172.31.0.3) is on another network segment, and its pod network is "
                                                    "`vxlan:2:4789`, not `vxlan:1:4789` as here"});
  c.transport.clear();
  result = decide_network(settings_for(mode::vxlan), {own, c}, links());
  CHECK(result.problems == std::vector<std::string>{"c (172.31.0.3) is on another network segment, and its pod network is not up yet"});
  CHECK(result.routes.empty());
}

TEST_CASE("a Node leads no packets astray", "[podnetwork]") {
  auto everything = node("b", "172.30.0.2", "0.0.0.0/0");
  auto mine = node("c", "172.30.0.3", "10.244.0.128/25");
  auto first = node("d", "172.30.0.4", "10.244.8.0/23");
  auto second = node("e", "172.30.0.5", "10.244.9.0/24");
  const auto result = decide_network(settings_for(), {own, everything, mine, first, second}, links());
  CHECK(result.routes.size() == 1);
  CHECK(result.routes.contains(net("10.244.8.0/23")));
  CHECK(result.problems == std::vector<std::string>{
                             "b (172.30.0.2) has the range 0.0.0.0/0, which is not within the cluster's 10.244.0.0/16",
                             "c (172.30.0.3) has the range 10.244.0.128/25, which overlaps 10.244.0.0/24 of a",
                             "e (172.30.0.5) has the range 10.244.9.0/24, which overlaps 10.244.8.0/23 of d"});
}

TEST_CASE("nodes without containers, address or range, and those on this host, need no way", "[podnetwork]") {
  auto hollow = node("h", "10.128.0.1", "10.244.5.0/24");
  hollow.hollow = true;
  auto nowhere = near_b;
  nowhere.address.reset();
  auto no_range = node("r", "172.30.0.9", "10.244.6.0/24");
  no_range.ranges.clear();
  auto neighbour = node("n", "172.30.0.1", "10.244.7.0/24");
  const auto result = decide_network(settings_for(), {own, hollow, nowhere, no_range, neighbour}, links());
  CHECK(result.routes.empty());
  CHECK(result.problems.empty());
  CHECK(result.direct_nodes == std::set<ipv4>{ip("172.30.0.9")});
}

TEST_CASE("what cannot be decided says why", "[podnetwork]") {
  CHECK(decide_network(settings_for(), {near_b}, links()).failure == "the Node a is not registered yet");
  auto a = own;
  a.address.reset();
  CHECK(decide_network(settings_for(), {a}, links()).failure == "the Node a has no InternalIP yet");
  a.address = ip("192.0.2.1");
  CHECK(decide_network(settings_for(), {a}, links()).failure ==
        "no interface has the node's address 192.0.2.1: give the kubelet's `address` as other hosts reach it, or name the `interface`");
  auto settings = settings_for();
  settings.interface = "eth7";
  CHECK(decide_network(settings, {own}, links()).failure == "there is no interface eth7 with an IPv4 address");
  settings = settings_for(mode::vxlan);
  settings.mtu = 1451;
  CHECK(decide_network(settings, {own}, links()).failure == "mtu 1451 is too large: up0 has 1500, which leaves 1450 for pods");
  a.address = ip("127.0.0.1");
  CHECK_FALSE(decide_network(settings_for(mode::vxlan), {a}, links()).failure.empty());
  const auto alone = decide_network(settings_for(), {a}, links()); // one host: nothing to connect, but masquerading
  CHECK(alone.failure.empty());
  CHECK(alone.pod_mtu == 0);
}

TEST_CASE("differences are what has to be written", "[podnetwork]") {
  const std::map<int, char> have{{1, 'a'}, {2, 'b'}, {3, 'c'}}, want{{1, 'a'}, {2, 'x'}, {4, 'd'}};
  const auto changes = decide_changes(have, want);
  using list = std::vector<std::pair<int, char>>;
  CHECK(changes.add == list{{4, 'd'}});
  CHECK(changes.replace == list{{2, 'x'}});
  CHECK(changes.remove == list{{3, 'c'}});
  CHECK(decide_changes(want, want).size() == 0);
}

TEST_CASE("pods are masqueraded towards the world only", "[podnetwork]") {
  const auto text = masquerade_commands("t", net("10.244.0.0/16"), {ip("172.30.0.2"), ip("172.30.0.3")});
  CHECK(text == "add table ip t\n"
                "add set ip t direct-nodes { type ipv4_addr; }\n"
                "add chain ip t postrouting { type nat hook postrouting priority 110; }\n"
                "flush chain ip t postrouting\n"
                "flush set ip t direct-nodes\n"
                "add element ip t direct-nodes { 172.30.0.2, 172.30.0.3 }\n"
                "add rule ip t postrouting ip saddr != 10.244.0.0/16 return\n"
                "add rule ip t postrouting ip daddr 10.244.0.0/16 return\n"
                "add rule ip t postrouting ip daddr @direct-nodes return\n"
                "add rule ip t postrouting ip daddr 224.0.0.0/4 return\n"
                "add rule ip t postrouting masquerade fully-random\n");
}
