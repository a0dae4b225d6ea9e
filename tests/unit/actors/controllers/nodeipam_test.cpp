// Ranges of nodes: which are given, which are left alone, and what happens when there is none.
#include "actors/controllers/nodeipam/nodeipam_controller.hpp"
#include "tests/unit/actors/controllers/fixture.hpp"

namespace client = actors::client;
using namespace actors::controllers::nodeipam;
using runtime::net::parse_ipv4_network;
using samples::draft;
using samples::operation;

namespace {

ipv4_network net(const char* cidr) { return parse_ipv4_network(cidr).value(); }

std::string next(range_allocator& ranges) {
  auto range = ranges.allocate();
  return range ? to_string(*range) : "none";
}

draft node(const std::string& name, const std::string& cidr = "") {
  draft result = samples::json(R"({"metadata":{},"spec":{}})");
  result["metadata"].set("name", name);
  result["metadata"].set("uid", name + "-uid");
  if (!cidr.empty()) {
    result["spec"].set("podCIDR", cidr);
    result["spec"].set("podCIDRs", draft::make_array({cidr}));
  }
  return result;
}

struct world : samples::fixture<nodeipam_controller> {
  explicit world(const char* cluster = "10.244.0.0/22") : fixture(cluster, 24, runtime::telemetry::logger{}) {}

  void add(const std::string& name, const std::string& cidr = "") { put(client::nodes, node(name, cidr)); }
  /// The range that the plan for a node gives it; "": no write.
  std::string plan(const std::string& name) {
    auto plan = sync(name);
    if (plan.operations.empty())
      return "";
    REQUIRE(plan.operations.size() == 1);
    const auto& write = plan.operations[0];
    CHECK(write.what == operation::verb::patch);
    CHECK(write.name == name);
    CHECK(write.object.at({"metadata", "uid"}).str() == name + "-uid");
    CHECK_FALSE(write.object.at({"metadata", "resourceVersion"}).str().empty());
    auto cidr = std::string{write.object.at({"spec", "podCIDR"}).str()};
    CHECK(write.object.at({"spec", "podCIDRs"}).items().at(0).str() == cidr);
    return cidr;
  }
};

} // namespace

TEST_CASE("ranges are given in turn, freed ones last", "[nodeipam]") {
  range_allocator ranges(net("10.244.0.0/22"), 24);
  CHECK(ranges.size() == 4);
  CHECK(next(ranges) == "10.244.0.0/24");
  CHECK(next(ranges) == "10.244.1.0/24");
  ranges.release(net("10.244.0.0/24"));
  CHECK(next(ranges) == "10.244.2.0/24");
  CHECK(next(ranges) == "10.244.3.0/24");
  CHECK(next(ranges) == "10.244.0.0/24");
  CHECK(next(ranges) == "none");
  CHECK(ranges.left() == 0);
}

TEST_CASE("what is in use is left out, whatever its size", "[nodeipam]") {
  range_allocator ranges(net("10.244.0.0/21"), 24);
  ranges.occupy(net("10.244.0.128/25")); // within one range
  ranges.occupy(net("10.244.2.0/23"));   // two of them
  ranges.occupy(net("10.1.0.0/16"));     // none of ours
  CHECK(ranges.left() == 5);
  CHECK(next(ranges) == "10.244.1.0/24");
  CHECK(next(ranges) == "10.244.4.0/24");
  ranges.occupy(net("10.0.0.0/8")); // everything
  CHECK(next(ranges) == "none");
  ranges.release(net("10.0.0.0/8"));
  CHECK(ranges.left() == 3);
}

TEST_CASE("a range with two users is free when both have gone", "[nodeipam]") {
  range_allocator ranges(net("10.244.0.0/24"), 24);
  ranges.occupy(net("10.244.0.0/24"));
  CHECK(ranges.exclusive(net("10.244.0.0/24")));
  ranges.occupy(net("10.244.0.0/24"));
  CHECK_FALSE(ranges.exclusive(net("10.244.0.0/24")));
  ranges.release(net("10.244.0.0/24"));
  CHECK(next(ranges) == "none");
  ranges.release(net("10.244.0.0/24"));
  CHECK(next(ranges) == "10.244.0.0/24");
}

TEST_CASE("a network that cannot be divided is refused", "[nodeipam]") {
  CHECK_THROWS_WITH(range_allocator(net("10.244.0.0/26"), 24),
                    "nodeCIDRMaskSize 24 does not fit the cluster's podCIDR 10.244.0.0/26: it must be between 26 and 30");
  CHECK_THROWS(range_allocator(net("10.0.0.0/8"), 28));
  CHECK(range_allocator(net("10.0.0.0/8"), 24).size() == 65536);
  CHECK_THROWS_WITH(nodeipam_controller("fd00::/64", 24, {}),
                    "the cluster's podCIDR fd00::/64 is no IPv4 network: nodes get ranges of IPv4 only");
}

TEST_CASE("every node without a range gets one of its own", "[nodeipam]") {
  world w;
  w.add("a");
  w.add("b", "10.244.0.0/24"); // known before the first range is given
  w.add("c");
  CHECK(w.take_queued() == std::set<std::string>{"a", "c"});
  CHECK(w.plan("a") == "10.244.1.0/24");
  CHECK(w.plan("c") == "10.244.2.0/24");
  CHECK(w.plan("b").empty());
  CHECK(w.plan("gone").empty());
}

TEST_CASE("a write whose answer was lost is repeated with the same range", "[nodeipam]") {
  world w;
  w.add("a");
  CHECK(w.plan("a") == "10.244.0.0/24");
  CHECK(w.plan("a") == "10.244.0.0/24");
  w.add("a", "10.244.0.0/24");
  CHECK(w.plan("a").empty());
  w.add("b");
  CHECK(w.plan("b") == "10.244.1.0/24");
}

TEST_CASE("a range that another instance gave away meanwhile is not given a second time", "[nodeipam]") {
  world w;
  w.add("a");
  CHECK(w.plan("a") == "10.244.0.0/24");
  w.add("b", "10.244.0.0/24");
  CHECK(w.plan("a") == "10.244.1.0/24");
  w.add("a", "10.244.3.0/24"); // or gave to this node
  w.add("c");
  CHECK(w.plan("c") == "10.244.2.0/24");
  w.add("d");
  CHECK(w.plan("d") == "10.244.1.0/24");
}

TEST_CASE("a range comes back with its node's deletion, and those who wait for one are looked at", "[nodeipam]") {
  world w("10.244.0.0/23");
  w.add("a", "10.244.0.0/24");
  w.add("b", "10.244.1.0/24");
  w.add("c");
  w.take_queued();
  auto plan = w.sync("c");
  CHECK(plan.operations.empty());
  REQUIRE(plan.events.size() == 1);
  CHECK(plan.events[0].reason == "CIDRNotAvailable");
  CHECK(plan.events[0].message == "Node c status is now: CIDRNotAvailable");
  CHECK_FALSE(plan.events[0].warning);
  CHECK(plan.events[0].about.name == "c");
  CHECK(w.sync("c").events.empty()); // said once
  w.erase(client::nodes, "a");
  CHECK(w.take_queued().contains("c"));
  CHECK(w.plan("c") == "10.244.0.0/24");
}

TEST_CASE("a node that is deleted before it shows its range gives it back", "[nodeipam]") {
  world w("10.244.0.0/24");
  w.add("a");
  CHECK(w.plan("a") == "10.244.0.0/24");
  w.erase(client::nodes, "a");
  w.add("b");
  CHECK(w.plan("b") == "10.244.0.0/24");
}
