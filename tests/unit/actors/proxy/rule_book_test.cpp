// The nft commands: what a change touches, names, affinity, refusals.
#include "actors/proxy/nftables/rule_book.hpp"
#include "actors/proxy/nftables/object_name.hpp"
#include "tests/unit/actors/proxy/samples.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <sstream>

using namespace samples;
using namespace actors::proxy::nftables;
using Catch::Matchers::Contains;

namespace {

const table_settings settings{"troupe", "10.244.0.0/16", "10.96.0.0/16"};

struct world {
  service_tracker tracker{"node-a"};
  rule_book book{settings};

  std::string apply() { return book.apply(tracker.take_delta()); }
};

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> result;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);)
    result.push_back(line);
  return result;
}

bool every_line_names(const std::string& text, const std::string& word) {
  const auto all = lines(text);
  return std::all_of(all.begin(), all.end(), [&](auto& l) { return l.find(word) != std::string::npos; });
}

} // namespace

TEST_CASE("a changed endpoint touches its service's chain and its hairpin pair only", "[proxy]") {
  world w;
  w.tracker.put(web("web", "10.96.0.10"));
  w.tracker.put(web("api", "10.96.0.11"));
  w.tracker.put(slice({at("10.244.0.2"), at("10.244.0.3")}, "web", "web"));
  w.tracker.put(slice({at("10.244.0.2"), at("10.244.0.5")}, "api", "api"));
  w.apply();
  w.tracker.put(slice({at("10.244.0.2"), at("10.244.0.9")}, "web", "web"));
  const auto chain = object_name("svc", {{"default", "web"}, "http"});
  CHECK(lines(w.apply()) == std::vector<std::string>{
                              "flush chain ip troupe " + chain,
                              "add rule ip troupe " + chain +
                                " ip daddr 10.96.0.10 ip saddr != 10.244.0.0/16 jump mark-masquerade",
                              "add rule ip troupe " + chain +
                                " meta l4proto tcp dnat ip to numgen random mod 2 map { 0 : 10.244.0.2 . "
                                "8080, 1 : 10.244.0.9 . 8080 }",
                              "delete element ip troupe hairpin-pairs { 10.244.0.3 . 10.244.0.3 }",
                              "add element ip troupe hairpin-pairs { 10.244.0.9 . 10.244.0.9 }",
                            });
}

TEST_CASE("an endpoint shared by two services keeps its hairpin pair until both let go", "[proxy]") {
  world w;
  for (const auto* name : {"web", "api"}) {
    w.tracker.put(web(name, name[0] == 'w' ? "10.96.0.10" : "10.96.0.11"));
    w.tracker.put(slice({at("10.244.0.2")}, name, name));
  }
  w.apply();
  w.tracker.erase_service({"default", "web"});
  CHECK_THAT(w.apply(), !Contains("hairpin-pairs"));
  w.tracker.erase_service({"default", "api"});
  CHECK_THAT(w.apply(), Contains("delete element ip troupe hairpin-pairs"));
}

TEST_CASE("nothing is written when nothing changed", "[proxy]") {
  world w;
  w.tracker.put(web());
  w.tracker.put(slice({at("10.244.0.2")}));
  CHECK_FALSE(w.apply().empty());
  const auto before = w.book.render();
  CHECK(w.apply().empty());
  CHECK(w.book.apply({{{{"default", "web"}, "http"}, w.tracker.model().begin()->second}}).empty());
  CHECK(w.book.render() == before);
}

TEST_CASE("a removed service leaves nothing, in an order without dangling references", "[proxy]") {
  world w;
  const auto empty = w.book.render();
  auto owner = web("web", "10.96.0.10", 30080);
  owner.affinity = std::chrono::seconds(60);
  w.tracker.put(owner);
  w.tracker.put(slice({at("10.244.0.2"), at("10.244.0.3")}));
  w.apply();
  w.tracker.erase_service(owner.key);
  const auto text = w.apply();
  const auto all = lines(text);
  const auto position = [&](const std::string& prefix, bool last) {
    size_t result = 0;
    for (size_t i = 0; i < all.size(); ++i)
      if (all[i].starts_with(prefix) && (last || result == 0))
        result = i;
    return result;
  };
  CHECK(position("flush chain", true) < position("delete chain", false));
  CHECK(position("delete element", true) < position("delete chain", false));
  CHECK(position("delete chain", true) < position("delete set", false));
  CHECK_THAT(text, !Contains("add "));
  CHECK(w.book.render() == empty);
}

TEST_CASE("affinity: clients of endpoints that stay are kept", "[proxy]") {
  world w;
  auto owner = web();
  owner.affinity = std::chrono::seconds(10800);
  w.tracker.put(owner);
  w.tracker.put(slice({at("10.244.0.2"), at("10.244.0.3")}));
  const auto first = w.apply();
  CHECK_THAT(first, Contains("flags dynamic,timeout; }"));
  CHECK_THAT(first, Contains("{ ip saddr timeout 10800s }"));

  SECTION("another endpoint changes") {
    w.tracker.put(slice({at("10.244.0.2"), at("10.244.0.4")}));
    const auto text = w.apply();
    const auto kept = object_name("aff", {owner.key, "http"}, {ip("10.244.0.2"), 8080});
    const auto gone = object_name("aff", {owner.key, "http"}, {ip("10.244.0.3"), 8080});
    CHECK_THAT(text, !Contains("set ip troupe " + kept));
    CHECK_THAT(text, Contains("delete set ip troupe " + gone));
  }
  SECTION("the timeout changes") {
    owner.affinity = std::chrono::seconds(30);
    w.tracker.put(owner);
    const auto text = w.apply();
    CHECK_THAT(text, Contains("timeout 30s"));
    CHECK_THAT(text, !Contains(" set ip"));
    CHECK(every_line_names(text, "ep-")); // the balancer is not touched
  }
}

TEST_CASE("a service without endpoints refuses, one with endpoints elsewhere drops", "[proxy]") {
  world w;
  auto owner = web("web", "10.96.0.10", 30080);
  w.tracker.put(owner);
  auto text = w.apply();
  CHECK_THAT(text, Contains("unreachable-ips { 10.96.0.10 . tcp . 80 : goto refuse }"));
  CHECK_THAT(text, Contains("unreachable-nodeports { tcp . 30080 : goto refuse }"));
  CHECK_THAT(text, !Contains("service-ips"));

  w.tracker.put(slice({at("10.244.1.2", "node-b")}));
  text = w.apply();
  CHECK_THAT(text, Contains("delete element ip troupe unreachable-ips { 10.96.0.10 . tcp . 80 }"));
  CHECK_THAT(text, Contains("service-nodeports { tcp . 30080 : goto ext-"));

  owner.internal_policy = owner.external_policy = traffic_policy::local;
  w.tracker.put(owner);
  text = w.apply();
  CHECK_THAT(text, Contains("unreachable-ips { 10.96.0.10 . tcp . 80 : drop }"));
  CHECK_THAT(text, Contains("unreachable-nodeports { tcp . 30080 : drop }"));
}

TEST_CASE("external policy Local: pods and the node reach every endpoint, others only local ones",
          "[proxy]") {
  world w;
  auto owner = web("web", "10.96.0.10", 30080);
  owner.external_policy = traffic_policy::local;
  w.tracker.put(owner);
  w.tracker.put(slice({at("10.244.0.2", "node-a"), at("10.244.1.2", "node-b")}));
  const auto text = w.apply();
  const port_key key{owner.key, "http"};
  const auto rule = "add rule ip troupe " + object_name("ext", key) + ' ';
  CHECK_THAT(text, Contains(rule + "ip saddr 10.244.0.0/16 goto " + object_name("svc", key)));
  CHECK_THAT(text, Contains(rule + "fib saddr type local goto " + object_name("svc", key)));
  CHECK_THAT(text, Contains(rule + "goto " + object_name("svl", key)));
}

TEST_CASE("a node port that moves to another service is never claimed twice", "[proxy]") {
  world w;
  w.tracker.put(web("new", "10.96.0.11", 30080)); // known before the old one is gone
  w.tracker.put(web("old", "10.96.0.10", 30080));
  w.tracker.put(slice({at("10.244.0.2")}, "old", "old"));
  w.tracker.put(slice({at("10.244.0.3")}, "new", "new"));
  const auto node_port = [](const std::string& chain) { return "{ tcp . 30080 : goto " + chain + " }"; };
  CHECK_THAT(w.apply(), Contains(node_port(object_name("ext", {{"default", "new"}, "http"}))));
  w.tracker.erase_service({"default", "new"});
  const auto text = w.apply();
  CHECK_THAT(text, Contains("delete element ip troupe service-nodeports { tcp . 30080 }"));
  CHECK_THAT(text, Contains(node_port(object_name("ext", {{"default", "old"}, "http"}))));
}

TEST_CASE("names are stable, distinct and short enough", "[proxy]") {
  const port_key key{{"default", "web"}, "http"};
  CHECK(object_name("svc", key) == object_name("svc", key));
  CHECK_THAT(object_name("svc", key), Catch::Matchers::EndsWith("-default/web/http"));
  CHECK(object_name("svc", {{"default", "web"}, ""}).back() == 'b');
  const std::string long_name(63, 'x');
  const port_key a{{long_name, long_name}, "a"};
  const port_key b{{long_name, long_name}, "b"};
  CHECK(object_name("svc", a) != object_name("svc", b));
  CHECK(object_name("svc", a).size() <= object_name_length_max);
  CHECK(object_name("svc", {{"a", "b-c"}, ""}) != object_name("svc", {{"a-b", "c"}, ""}));
}

TEST_CASE("long lists of elements are split over commands", "[proxy]") {
  world w;
  std::vector<endpoint> many;
  for (int i = 0; i < 1200; ++i)
    many.push_back(at(("10.244." + std::to_string(i / 250) + "." + std::to_string(i % 250 + 1)).c_str()));
  w.tracker.put(web());
  w.tracker.put(slice(many));
  const auto all = lines(w.apply());
  CHECK(std::count_if(all.begin(), all.end(),
                      [](auto& l) { return l.starts_with("add element ip troupe hairpin"); }) == 3);
}
