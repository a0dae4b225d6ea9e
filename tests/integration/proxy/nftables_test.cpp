// The real thing: rules in the kernel of this machine, connections through them, in namespaces of their own.
#include "actors/proxy/nftables/table_writer.hpp"
#include "tests/integration/proxy/network.hpp"
#include "tests/unit/actors/proxy/samples.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <map>
#include <thread>

using namespace samples;
using namespace actors::proxy::nftables;
using network::node_address;
using network::output_of;

namespace {

const table_settings settings{"troupe-test", "10.244.0.0/16", "10.96.0.0/16"};
constexpr const char* web_ip = "10.96.0.10";
constexpr const char* pod_a = "10.244.0.2";
constexpr const char* pod_b = "10.244.0.3";
constexpr int tries = 40; // all to one of two endpoints by chance: 2^-39

// A node and a proxy without its actor.
struct cluster {
  network::node net;
  service_tracker tracker{"node-a"};
  std::unique_ptr<table_writer> writer = std::make_unique<table_writer>(settings);

  cluster() { apply(); }
  ~cluster() { remove_rules(settings); }

  void apply() {
    const auto report = writer->write(tracker.take_delta());
    if (report.error)
      FAIL(*report.error);
    for (const auto& warning : report.warnings)
      FAIL(warning);
  }
};

// Who answered how often, by the first word of the answer.
template <class Request>
std::map<std::string, int> tally(Request request) {
  std::map<std::string, int> result;
  for (int i = 0; i < tries; ++i) {
    const auto answer = request();
    ++result[answer.substr(0, answer.find(' '))];
  }
  return result;
}

bool both_answered(const std::map<std::string, int>& answers) {
  return answers.size() == 2 && answers.contains("a") && answers.contains("b");
}

service dns(uint16_t node_port = 0) {
  return {{"default", "dns"},
          node_port ? "NodePort" : "ClusterIP",
          "10.96.0.53",
          {{"dns", protocol::udp, 53, node_port}}};
}

endpoint_slice dns_slice(std::vector<endpoint> endpoints) {
  return {{"default", "dns-1"}, "dns", "IPv4", {{"dns", protocol::udp, 8080}}, std::move(endpoints)};
}

} // namespace

TEST_CASE("a ClusterIP is answered by every endpoint, for the node and for pods", "[proxy][nftables]") {
  cluster c;
  c.tracker.put(web("web", web_ip));
  c.tracker.put(slice({at(pod_a), at(pod_b)}));
  c.apply();
  CHECK(both_answered(tally([&] { return network::request_tcp(web_ip, 80); })));
  CHECK(both_answered(tally([&] { return c.net.a->tcp(web_ip, 80); }))); // a -> a is a hairpin
  CHECK(both_answered(tally([&] { return c.net.b->tcp(web_ip, 80); })));
}

TEST_CASE("a pod's address is seen by other pods; to itself it comes from the node", "[proxy][nftables]") {
  cluster c;
  c.tracker.put(web("web", web_ip));
  c.tracker.put(slice({at(pod_b)}));
  c.apply();
  CHECK(c.net.a->tcp(web_ip, 80) == "b 10.244.0.2");
  CHECK(c.net.b->tcp(web_ip, 80) == "b 10.244.0.1");
}

TEST_CASE("a node port answers from outside, on the node, and for pods", "[proxy][nftables]") {
  cluster c;
  auto owner = web("web", web_ip, 30080);
  c.tracker.put(owner);
  c.tracker.put(slice({at(pod_a), at(pod_b)}));
  c.apply();
  CHECK(both_answered(tally([&] { return c.net.outside->tcp(node_address, 30080); })));
  CHECK(both_answered(tally([&] { return network::request_tcp(node_address, 30080); })));
  CHECK(both_answered(tally([&] { return c.net.a->tcp(node_address, 30080); })));
  CHECK(c.net.outside->tcp(node_address, 30081) == "refused"); // nobody's port: the node's own answer

  SECTION("with the policy Cluster the client is masqueraded") {
    c.tracker.put(slice({at(pod_a)}));
    c.apply();
    CHECK(c.net.outside->tcp(node_address, 30080) == "a 10.244.0.1");
  }
  SECTION("with the policy Local the client's address is kept, and only local endpoints answer") {
    owner.external_policy = traffic_policy::local;
    c.tracker.put(owner);
    c.tracker.put(slice({at(pod_a, "node-a"), at(pod_b, "node-b")}));
    c.apply();
    CHECK(tally([&] { return c.net.outside->tcp(node_address, 30080); }).contains("b") == false);
    CHECK(c.net.outside->tcp(node_address, 30080) == "a 192.0.2.2");
    CHECK(both_answered(tally([&] { return network::request_tcp(node_address, 30080); })));
    c.tracker.put(slice({at(pod_b, "node-b")}));
    c.apply();
    CHECK(c.net.outside->tcp(node_address, 30080) == "timeout");
    CHECK(c.net.a->tcp(node_address, 30080).substr(0, 1) == "b");
  }
}

TEST_CASE("without endpoints connections are refused at once", "[proxy][nftables]") {
  cluster c;
  c.tracker.put(web("web", web_ip, 30080));
  c.tracker.put(dns(30053));
  c.apply();
  CHECK(network::request_tcp(web_ip, 80) == "refused");
  CHECK(c.net.a->tcp(web_ip, 80) == "refused");
  CHECK(c.net.outside->tcp(node_address, 30080) == "refused");
  CHECK(network::request_tcp(node_address, 30080) == "refused");
  CHECK(network::request_udp("10.96.0.53", 53) == "refused");
  CHECK(c.net.a->udp("10.96.0.53", 53) == "refused");
  CHECK(c.net.outside->udp(node_address, 30053) == "refused");

  c.tracker.put(slice({at(pod_a)})); // and work as soon as there is one
  c.tracker.put(dns_slice({at(pod_a)}));
  c.apply();
  CHECK(network::request_tcp(web_ip, 80).substr(0, 1) == "a");
  CHECK(c.net.a->udp("10.96.0.53", 53).substr(0, 1) == "a");
  CHECK(network::request_tcp(web_ip, 81) == "refused"); // a port that the service does not have
  CHECK(c.net.a->tcp(web_ip, 81) == "refused");
}

TEST_CASE("session affinity holds while the endpoint lives, through changes and restarts",
          "[proxy][nftables]") {
  cluster c;
  auto owner = web("web", web_ip);
  owner.affinity = std::chrono::seconds(60);
  c.tracker.put(owner);
  c.tracker.put(slice({at(pod_a), at(pod_b)}));
  c.apply();
  const auto mine = c.net.a->tcp(web_ip, 80).substr(0, 1);
  const auto request = [&] { return c.net.a->tcp(web_ip, 80); };
  CHECK(tally(request) == std::map<std::string, int>{{mine, tries}});

  c.tracker.put(slice({at(pod_a), at(pod_b), at("10.244.0.9")}));
  c.apply();
  CHECK(tally(request) == std::map<std::string, int>{{mine, tries}});

  owner.affinity = std::chrono::seconds(120);
  c.tracker.put(owner);
  c.apply();
  CHECK(tally(request) == std::map<std::string, int>{{mine, tries}});

  const auto all = c.tracker.model();
  c.writer.reset(); // a restarted proxy
  c.writer = std::make_unique<table_writer>(settings);
  CHECK_FALSE(c.writer->write({all.begin(), all.end()}).error);
  CHECK(output_of("nft list sets table ip troupe-test").find("10.244.0.2 timeout ") != std::string::npos);
  CHECK(tally(request) == std::map<std::string, int>{{mine, tries}});

  const auto other = mine == "a" ? "b" : "a";
  c.tracker.put(slice({at(mine == "a" ? pod_b : pod_a)}));
  c.apply();
  CHECK(tally(request) == std::map<std::string, int>{{other, tries}});
}

TEST_CASE("a UDP flow leaves an endpoint that is gone", "[proxy][nftables]") {
  cluster c;
  c.tracker.put(dns(30053));
  c.tracker.put(dns_slice({at(pod_a)}));
  c.apply();
  CHECK(c.net.b->udp("10.96.0.53", 53) == "a 10.244.0.3");
  CHECK(c.net.outside->udp(node_address, 30053).substr(0, 1) == "a");
  c.tracker.put(dns_slice({at(pod_b)}));
  c.apply();
  CHECK(c.net.b->udp("10.96.0.53", 53).substr(0, 1) == "b");
  CHECK(c.net.outside->udp(node_address, 30053).substr(0, 1) == "b");
  c.tracker.erase_slice({"default", "dns-1"});
  c.apply();
  CHECK(c.net.outside->udp(node_address, 30053) == "refused");
}

TEST_CASE("tables of others stay as they are, to the handle", "[proxy][nftables]") {
  network::shell(
    "nft 'add table ip other; add chain ip other c { type nat hook prerouting priority -100; }; "
    "add rule ip other c counter; add table inet troupe'");
  const auto others = [] { return output_of("nft -a list table ip other; nft -a list table inet troupe"); };
  const auto before = others();
  {
    cluster c;
    c.tracker.put(web("web", web_ip, 30080));
    c.tracker.put(slice({at(pod_a), at(pod_b)}));
    c.apply();
    c.tracker.put(slice({at(pod_a)}));
    c.apply();
    c.tracker.erase_service({"default", "web"});
    c.apply();
  }
  CHECK(others() == before);
  network::shell("nft 'delete table ip other; delete table inet troupe'");
}

TEST_CASE("removing the rules leaves nothing behind", "[proxy][nftables]") {
  {
    cluster c;
    c.tracker.put(web("web", web_ip, 30080));
    c.tracker.put(slice({at(pod_a), at(pod_b)}));
    c.apply();
    CHECK(output_of("ip route show 10.96.0.0/16").find("dev lo") != std::string::npos);
    CHECK_FALSE(remove_rules(settings));
    CHECK(output_of("ip route show 10.96.0.0/16").empty());
  }
  CHECK(output_of("nft list ruleset").empty());
  CHECK_FALSE(remove_rules(settings)); // nothing there is no error
}

TEST_CASE("a restarted proxy rebuilds its table without a failed connection", "[proxy][nftables]") {
  cluster c;
  c.tracker.put(web("web", web_ip));
  c.tracker.put(slice({at(pod_a), at(pod_b)}));
  c.apply();
  const auto all = c.tracker.model();
  std::atomic<bool> stop = false;
  std::atomic<int> answered = 0, failed = 0;
  std::thread client([&] {
    while (!stop)
      ++(network::request_tcp(web_ip, 80).size() > 2 ? answered : failed);
  });
  for (int restart = 0; restart < 20; ++restart) {
    c.writer.reset(); // leaves the rules in place
    c.writer = std::make_unique<table_writer>(settings);
    const auto report = c.writer->write({all.begin(), all.end()});
    CHECK_FALSE(report.error);
    CHECK(report.complete);
  }
  stop = true;
  client.join();
  CHECK(failed == 0);
  CHECK(answered > 20);
}

TEST_CASE("rules that another program removed are noticed and written again", "[proxy][nftables]") {
  cluster c;
  c.tracker.put(web("web", web_ip));
  c.tracker.put(slice({at(pod_a), at(pod_b)}));
  c.apply();
  CHECK(c.writer->verify());
  SECTION("by looking, when the rules are gone") {
    network::shell("nft flush table ip troupe-test");
    CHECK_FALSE(c.writer->verify());
  }
  network::shell("nft flush ruleset");
  SECTION("by looking, when the table is gone") { CHECK_FALSE(c.writer->verify()); }
  SECTION("by a batch that fails") {
    c.tracker.put(slice({at(pod_a)}));
    CHECK(c.writer->write(c.tracker.take_delta()).error);
  }
  const auto report = c.writer->write({});
  CHECK_FALSE(report.error);
  CHECK(report.complete);
  CHECK(network::request_tcp(web_ip, 80).size() > 2);
}

TEST_CASE("a changed endpoint moves only its own service's rules", "[proxy][nftables]") {
  cluster c;
  c.tracker.put(web("web", web_ip));
  c.tracker.put(web("api", "10.96.0.11"));
  c.tracker.put(slice({at(pod_a), at(pod_b)}, "web", "web"));
  c.tracker.put(slice({at(pod_a), at(pod_b)}, "api", "api"));
  c.apply();
  const auto rules_of = [](const char* name) {
    return output_of("nft -a list table ip troupe-test | grep -A4 'chain svc-.*/" + std::string(name) + "/'");
  };
  const auto api = rules_of("api");
  const auto web_before = rules_of("web");
  c.tracker.put(slice({at(pod_a)}, "web", "web"));
  c.apply();
  CHECK(rules_of("api") == api);
  CHECK(rules_of("web") != web_before);
}
