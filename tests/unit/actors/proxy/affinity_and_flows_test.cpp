// What outlives a rewrite of the table, and which UDP flows do not outlive a change.
#include "actors/proxy/nftables/affinity_memory.hpp"
#include "actors/proxy/nftables/object_name.hpp"
#include "actors/proxy/nftables/rule_book.hpp"
#include "actors/proxy/nftables/stale_flows.hpp"
#include "tests/unit/actors/proxy/samples.hpp"

#include <catch2/catch.hpp>

using namespace samples;
using namespace actors::proxy::nftables;
using Catch::Matchers::Contains;

namespace {

port_rules udp_rules(std::vector<target> targets, uint16_t node_port = 0) {
  port_rules rules;
  rules.cluster_ip = ip("10.96.0.53");
  rules.protocol = protocol::udp;
  rules.port = 53;
  rules.node_port = node_port;
  rules.cluster_targets = std::move(targets);
  return rules;
}

const target a{ip("10.244.0.2"), 5353};
const target b{ip("10.244.0.3"), 5353};
const target dns{ip("10.96.0.53"), 53};

} // namespace

TEST_CASE("remembered clients are read from nft's listing", "[proxy]") {
  const auto clients = read_remembered_clients(
    "table ip troupe {\n\tset cluster-ips {\n\t\ttype ipv4_addr\n\t\telements = { 10.96.0.10 }\n\t}\n"
    "\tset aff-1-default/web/http/10.244.0.2/8080 {\n\t\ttype ipv4_addr\n\t\tsize 65535\n\t\tflags "
    "dynamic,timeout\n"
    "\t\telements = { 10.0.0.1 timeout 1m expires 58s788ms,\n\t\t\t     10.0.0.2 timeout 1m expires 3s "
    "}\n\t}\n"
    "\tset aff-2-default/web/http/10.244.0.3/8080 {\n\t\ttype ipv4_addr\n\t}\n}\n");
  CHECK(clients == remembered_clients{{"aff-1-default/web/http/10.244.0.2/8080",
                                       "10.0.0.1 timeout 58s788ms, 10.0.0.2 timeout 3s"}});
  CHECK(read_remembered_clients("").empty());
  CHECK(read_remembered_clients("set aff-").empty());
}

TEST_CASE("a rewritten table keeps clients of endpoints that still exist, and forgets others", "[proxy]") {
  service_tracker tracker("node-a");
  auto owner = web();
  owner.affinity = std::chrono::seconds(60);
  tracker.put(owner);
  tracker.put(slice({at("10.244.0.2")}));
  rule_book book({"troupe", "10.244.0.0/16", ""});
  book.apply(tracker.take_delta());
  const auto kept = object_name("aff", {owner.key, "http"}, {ip("10.244.0.2"), 8080});
  const auto gone = object_name("aff", {owner.key, "http"}, {ip("10.244.0.3"), 8080});
  const auto text = book.render({{kept, "10.0.0.1 timeout 1m"}, {gone, "10.0.0.9 timeout 1m"}});
  CHECK_THAT(text, Contains("add element ip troupe " + kept + " { 10.0.0.1 timeout 1m }"));
  CHECK_THAT(text, !Contains("10.0.0.9"));
  CHECK(book.has_affinity());
}

TEST_CASE("flows to an endpoint that is gone are stale, others are not", "[proxy]") {
  const auto before = udp_rules({a, b});
  const auto after = udp_rules({b});
  udp_targets targets;
  targets.add(&before, &after);
  CHECK(targets.is_stale({dns, a}));
  CHECK_FALSE(targets.is_stale({dns, b}));
  CHECK_FALSE(targets.is_stale({{ip("10.96.0.54"), 53}, a}));
  CHECK_FALSE(targets.is_stale({a, a})); // straight to the endpoint
}

TEST_CASE("a service's first endpoint makes flows stale that met none", "[proxy]") {
  const auto before = udp_rules({});
  const auto after = udp_rules({a});
  udp_targets targets;
  targets.add(&before, &after);
  CHECK(targets.is_stale({dns, dns})); // not translated
}

TEST_CASE("flows through a node port or of a deleted service are found", "[proxy]") {
  const auto before = udp_rules({a}, 30053);
  udp_targets targets;
  targets.add(&before, nullptr);
  CHECK(targets.is_stale({dns, a}));
  CHECK(targets.is_stale({{ip("192.0.2.1"), 30053}, a}));
}

TEST_CASE("nothing is looked for when no UDP endpoint changed", "[proxy]") {
  udp_targets targets;
  auto before = udp_rules({a});
  auto after = before;
  after.affinity = std::chrono::seconds(5);
  targets.add(&before, &after);
  before.protocol = after.protocol = protocol::tcp;
  after.cluster_targets = {b};
  targets.add(&before, &after);
  CHECK(targets.empty());
}

TEST_CASE("of two changes of a port the later one counts", "[proxy]") {
  const auto first = udp_rules({a});
  const auto second = udp_rules({b});
  udp_targets targets;
  targets.add(nullptr, &first);
  targets.add(&first, &second);
  CHECK(targets.is_stale({dns, a}));
}
