// The choice of endpoints, and that only what changed is decided again.
#include "tests/unit/actors/proxy/samples.hpp"

#include <catch2/catch.hpp>

using namespace samples;

namespace {

const port_key web_http{{"default", "web"}, "http"};

port_rules only_rules(service_tracker& tracker) {
  tracker.take_delta();
  REQUIRE(tracker.model().size() == 1);
  return tracker.model().begin()->second;
}

} // namespace

TEST_CASE("a service's ready endpoints receive its connections", "[proxy]") {
  service_tracker tracker("node-a");
  tracker.put(web());
  tracker.put(slice({at("10.244.0.3"), at("10.244.0.2"), {"10.244.0.4", false, false, false, "node-a"}}));
  const auto rules = only_rules(tracker);
  CHECK(rules.cluster_ip == ip("10.96.0.10"));
  CHECK(rules.port == 80);
  CHECK(rules.cluster_targets == std::vector<target>{{ip("10.244.0.2"), 8080}, {ip("10.244.0.3"), 8080}});
}

TEST_CASE("endpoints that still serve while terminating are used when none is ready", "[proxy]") {
  service_tracker tracker("node-a");
  tracker.put(web());
  const endpoint leaving{"10.244.0.2", false, true, true, "node-a"};
  const endpoint broken{"10.244.0.3", false, false, true, "node-a"};
  tracker.put(slice({leaving, broken}));
  CHECK(only_rules(tracker).cluster_targets == std::vector<target>{{ip("10.244.0.2"), 8080}});
  tracker.put(slice({leaving, broken, at("10.244.0.9")}));
  CHECK(only_rules(tracker).cluster_targets == std::vector<target>{{ip("10.244.0.9"), 8080}});
}

TEST_CASE("slices of a service are merged without duplicates, the more useful state wins", "[proxy]") {
  service_tracker tracker("node-a");
  tracker.put(web());
  tracker.put(slice({{"10.244.0.2", false, false, false, "node-a"}, at("10.244.0.3")}, "web", "web-1"));
  tracker.put(slice({at("10.244.0.2"), at("10.244.0.3")}, "web", "web-2"));
  CHECK(only_rules(tracker).cluster_targets.size() == 2);
  tracker.erase_slice({"default", "web-2"});
  CHECK(only_rules(tracker).cluster_targets == std::vector<target>{{ip("10.244.0.3"), 8080}});
}

TEST_CASE("slices may come before their service and change their owner", "[proxy]") {
  service_tracker tracker("node-a");
  tracker.put(slice({at("10.244.0.2")}));
  CHECK(tracker.take_delta().empty());
  tracker.put(web());
  CHECK(only_rules(tracker).cluster_targets.size() == 1);
  tracker.put(slice({at("10.244.0.2")}, "other"));
  CHECK(only_rules(tracker).cluster_targets.empty());
}

TEST_CASE("a port is resolved by its name in each slice", "[proxy]") {
  service_tracker tracker("node-a");
  auto owner = web();
  owner.ports.push_back({"metrics", protocol::tcp, 9090, 0});
  tracker.put(owner);
  auto first = slice({at("10.244.0.2")}, "web", "web-1");
  first.ports = {
    {"http", protocol::tcp, 8080}, {"metrics", protocol::tcp, 9091}, {"http", protocol::udp, 53}};
  auto second = slice({at("10.244.0.3")}, "web", "web-2");
  second.ports = {{"http", protocol::tcp, 8081}, {"metrics", protocol::tcp, std::nullopt}};
  tracker.put(first);
  tracker.put(second);
  tracker.take_delta();
  CHECK(tracker.model().at(web_http).cluster_targets ==
        std::vector<target>{{ip("10.244.0.2"), 8080}, {ip("10.244.0.3"), 8081}});
  CHECK(tracker.model().at({{"default", "web"}, "metrics"}).cluster_targets ==
        std::vector<target>{{ip("10.244.0.2"), 9091}});
}

TEST_CASE("headless, ExternalName, IPv6 and foreign services get no rules", "[proxy]") {
  service_tracker tracker("node-a");
  auto owner = web();
  SECTION("headless") { owner.cluster_ip = "None"; }
  SECTION("not allocated yet") { owner.cluster_ip = ""; }
  SECTION("ExternalName") { owner.type = "ExternalName"; }
  SECTION("IPv6") { owner.cluster_ip = "fd00::1"; }
  SECTION("another proxy's") { owner.proxy_name = "mesh"; }
  tracker.put(owner);
  tracker.put(slice({at("10.244.0.2")}));
  CHECK(tracker.take_delta().empty());
  CHECK(tracker.model().empty());
}

TEST_CASE("policy Local keeps to the node's own endpoints", "[proxy]") {
  service_tracker tracker("node-a");
  auto owner = web("web", "10.96.0.10", 30080);
  const auto here = at("10.244.0.2", "node-a");
  const auto elsewhere = at("10.244.1.2", "node-b");
  tracker.put(slice({here, elsewhere}));
  SECTION("internal, no node port") {
    owner = web();
    owner.internal_policy = traffic_policy::local;
    tracker.put(owner);
    const auto rules = only_rules(tracker);
    CHECK(rules.local_targets == std::vector<target>{{ip("10.244.0.2"), 8080}});
    CHECK(rules.cluster_targets.empty());
  }
  SECTION("external: the cluster's are kept for connections from pods and the node") {
    owner.external_policy = traffic_policy::local;
    tracker.put(owner);
    const auto rules = only_rules(tracker);
    CHECK(rules.local_targets.size() == 1);
    CHECK(rules.cluster_targets.size() == 2);
  }
  SECTION("Cluster needs no local list") {
    tracker.put(owner);
    CHECK(only_rules(tracker).local_targets.empty());
  }
}

TEST_CASE("a delta holds only the service ports that changed", "[proxy]") {
  service_tracker tracker("node-a");
  for (const auto* name : {"web", "api", "db"}) {
    tracker.put(web(name));
    tracker.put(slice({at("10.244.0.2")}, name, name));
  }
  CHECK(tracker.take_delta().size() == 3);
  CHECK_FALSE(tracker.changed());

  tracker.put(slice({at("10.244.0.2"), at("10.244.0.3")}, "api", "api"));
  auto delta = tracker.take_delta();
  REQUIRE(delta.size() == 1);
  CHECK(delta[0].first.service.name == "api");

  auto unready = at("10.244.0.4");
  unready.ready = unready.serving = false;
  tracker.put(slice({at("10.244.0.2"), unready}, "db", "db"));
  CHECK(tracker.changed());
  CHECK(tracker.take_delta().empty()); // decided again, same rules

  tracker.erase_service({"default", "db"});
  delta = tracker.take_delta();
  REQUIRE(delta.size() == 1);
  CHECK_FALSE(delta[0].second);
  CHECK(tracker.model().size() == 2);
}

TEST_CASE("names of services with a common prefix are kept apart", "[proxy]") {
  service_tracker tracker("node-a");
  tracker.put(web("web"));
  tracker.put(web("web-2"));
  tracker.take_delta();
  tracker.erase_service({"default", "web"});
  const auto delta = tracker.take_delta();
  REQUIRE(delta.size() == 1);
  CHECK(delta[0].first.service.name == "web");
  CHECK(tracker.model().size() == 1);
}

TEST_CASE("only dotted IPv4 addresses are parsed", "[proxy]") {
  CHECK(to_string(ip("10.244.0.255")) == "10.244.0.255");
  for (const auto* text : {"", "None", "1.2.3", "::1", "1.2.3.4.5", "256.1.1.1"})
    CHECK_FALSE(parse_ipv4(text));
}
