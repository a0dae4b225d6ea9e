// Lost nodes: conditions, taints, zones, evictions.
#include "actors/controllers/nodelifecycle/decide_eviction.hpp"
#include "actors/controllers/nodelifecycle/nodelifecycle_controller.hpp"
#include "messages/codec/time.hpp"
#include "tests/unit/actors/controllers/fixture.hpp"

namespace client = actors::client;
namespace nodelifecycle = actors::controllers::nodelifecycle;
using namespace nodelifecycle;
using samples::draft;
using samples::json;
using samples::of_verb;
using samples::operation;
using samples::sync_plan;

namespace {

draft ready_node(const std::string& name, const char* ready = "True") {
  draft result = json(R"({"metadata":{"name":""},"spec":{},"status":{"conditions":[
    {"type":"MemoryPressure","status":"False"},{"type":"DiskPressure","status":"False"},{"type":"PIDPressure","status":"False"},
    {"type":"Ready","status":"True","lastHeartbeatTime":"2026-01-01T00:00:00Z"}]}})");
  result["metadata"].set("name", name);
  result["metadata"].set("uid", name + "-uid");
  result["status"]["conditions"].items()[3].set("status", ready);
  return result;
}

std::set<std::string> taints_of(const draft& taints) {
  std::set<std::string> result;
  for (const auto& taint : taints.items())
    result.insert(std::string{taint.get("key").str().substr(taint.get("key").str().find('/') + 1)} + ":" +
                  std::string{taint.get("effect").str()});
  return result;
}

struct world {
  std::shared_ptr<runtime::seams::manual_clock> clock = std::make_shared<runtime::seams::manual_clock>();
  samples::fixture<nodelifecycle_controller> test{clock};

  void pass(int seconds) { clock->advance_us(int64_t{seconds} * 1'000'000); }
  void renew(const std::string& node) {
    draft lease = json(R"({"metadata":{"namespace":"kube-node-lease"},"spec":{}})");
    lease["metadata"].set("name", node);
    lease["spec"].set("renewTime", messages::codec::format_micro_time(clock->wall_us()));
    test.put(client::leases, lease);
  }
  /// Looks at a node, and at it again after each write, until nothing is written; all that was planned.
  sync_plan settle(const std::string& node) {
    std::set<std::string> patched_pods;
    sync_plan all;
    for (int i = 0; i < 5; ++i) {
      auto plan = test.sync("node/" + node);
      all.again_after = plan.again_after;
      all.events.insert(all.events.end(), plan.events.begin(), plan.events.end());
      if (plan.operations.empty())
        break;
      client::api_result ok;
      ok.code = 200;
      for (auto& write : plan.operations) {
        all.operations.push_back(write);
        if (write.on_result)
          write.on_result(ok);
        write.object["metadata"].erase("resourceVersion");
        if (write.resource == &client::nodes)
          test.put(client::nodes, write.object);
        else
          patched_pods.insert(write.name);
      }
      for (const auto& name : patched_pods)
        put_pod(name, node, false);
    }
    return all;
  }
  void put_pod(const std::string& name, const std::string& node, bool ready, const char* tolerations = "[]") {
    draft pod = json(R"({"metadata":{"namespace":"d","creationTimestamp":"2026-01-01T00:00:00Z"},"spec":{},"status":{"phase":"Running","conditions":[{"type":"Ready"}]}})");
    pod["metadata"].set("name", name);
    pod["metadata"].set("uid", name + "-uid");
    pod["spec"].set("nodeName", node);
    pod["spec"].set("tolerations", json(tolerations));
    pod["status"]["conditions"].items()[0].set("status", ready ? "True" : "False");
    test.put(client::pods, pod);
  }
  draft node(const std::string& name) { return client::draft_of(client::nodes, *test.cache(client::nodes).find(name)); }
  std::set<std::string> taints(const std::string& name) { return taints_of(node(name).at({"spec", "taints"})); }
};

} // namespace

TEST_CASE("taints follow from conditions and from unschedulable") {
  struct row {
    const char* ready;
    const char* change; // merged into the conditions
    bool unschedulable;
    eviction permission;
    std::set<std::string> wanted;
  };
  const std::vector<row> rows{
    {"True", "", false, eviction::allowed, {}},
    {"True", "", true, eviction::allowed, {"unschedulable:NoSchedule"}},
    {"False", "", false, eviction::allowed, {"not-ready:NoSchedule", "not-ready:NoExecute"}},
    {"Unknown", "", false, eviction::allowed, {"unreachable:NoSchedule", "unreachable:NoExecute"}},
    {"Unknown", "", false, eviction::not_yet, {"unreachable:NoSchedule"}},
    {"Unknown", "", false, eviction::withdrawn, {"unreachable:NoSchedule"}},
    {"True", "MemoryPressure", false, eviction::allowed, {"memory-pressure:NoSchedule"}},
    {"True", "DiskPressure", false, eviction::allowed, {"disk-pressure:NoSchedule"}},
    {"True", "PIDPressure", true, eviction::allowed, {"pid-pressure:NoSchedule", "unschedulable:NoSchedule"}},
  };
  for (const auto& [ready, change, unschedulable, permission, wanted] : rows) {
    draft node = ready_node("n", ready);
    for (auto& condition : node["status"]["conditions"].items())
      if (condition.get("type").str() == change)
        condition.set("status", "True");
    node["spec"].set("unschedulable", unschedulable);
    const auto decision = decide_taints(node, permission, 0);
    INFO(ready << " " << change);
    CHECK(taints_of(decision.taints) == wanted);
    CHECK(decision.changed == !wanted.empty());
    node["spec"].set("taints", decision.taints);
    CHECK(!decide_taints(node, permission, 10).changed);
  }
}

TEST_CASE("taints of others stay, and one NoExecute taint takes the other's place without permission") {
  draft node = ready_node("n", "False");
  node["spec"].set("taints", json(R"([{"key":"mine","effect":"NoExecute"},{"key":"node.kubernetes.io/unreachable","effect":"NoExecute"}])"));
  const auto decision = decide_taints(node, eviction::not_yet, 0);
  CHECK(decision.taints.size() == 3);
  CHECK(taints_of(decision.taints).contains("not-ready:NoExecute"));
  CHECK(!taints_of(decision.taints).contains("unreachable:NoExecute"));
  CHECK(decision.taints.items()[0].get("key").str() == "mine");
}

TEST_CASE("a zone's state and rate follow from how many of its nodes are lost") {
  CHECK(state_of(0, 1) == zone_state::full_disruption);
  CHECK(state_of(1, 2) == zone_state::normal); // two lost nodes are no disruption
  CHECK(state_of(2, 3) == zone_state::partial_disruption);
  CHECK(state_of(3, 3) == zone_state::normal);
  CHECK(eviction_rate(zone_state::normal, 5) == 0.1);
  CHECK(eviction_rate(zone_state::partial_disruption, 50) == 0);
  CHECK(eviction_rate(zone_state::partial_disruption, 51) == 0.01);
}

TEST_CASE("one node of a zone is given up each ten seconds") {
  zone_table zones;
  for (int i = 0; i < 10; ++i)
    zones.put("n" + std::to_string(i), "z", i > 1);
  CHECK(zones.ask("z", 1'000'000).allowed);
  const auto second = zones.ask("z", 2'000'000);
  CHECK(!second.allowed);
  CHECK(second.ask_again_us == 11'000'000);
  CHECK(zones.ask("z", 11'000'000).allowed);
  zones.give_back("z");
  CHECK(zones.ask("z", 11'000'000).allowed);
}

TEST_CASE("when every zone is lost nothing is given up; the first node back changes that") {
  zone_table zones;
  CHECK(zones.put("a", "x", false));
  CHECK(zones.put("b", "y", false) == true); // the zone's own state
  CHECK(zones.all_lost());
  CHECK(!zones.ask("x", 1).allowed);
  CHECK(zones.put("b", "y", true));
  CHECK(!zones.all_lost());
  CHECK(zones.ask("x", 1).allowed);
  CHECK(zones.erase("b"));
  CHECK(zones.all_lost());
}

TEST_CASE("a node that renews its lease stays ready; a silent one becomes unknown after the grace period") {
  world w;
  w.test.put(client::nodes, ready_node("live"));
  w.test.put(client::nodes, ready_node("lost"));
  w.put_pod("p", "lost", true);
  w.put_pod("q", "live", true);
  auto first = w.settle("lost");
  REQUIRE(first.events.size() == 1);
  CHECK(first.events[0].reason == "RegisteredNode");
  CHECK(*first.again_after >= std::chrono::seconds{50});
  for (int i = 0; i < 5; ++i) {
    CHECK(w.settle("lost").operations.empty());
    w.pass(10);
    w.renew("live");
  }
  CHECK(w.settle("live").operations.empty());
  w.pass(1);
  const auto plan = w.settle("lost");
  const auto condition = w.node("lost").at({"status", "conditions"}).items()[3];
  CHECK(condition.get("status").str() == "Unknown");
  CHECK(condition.get("reason").str() == "NodeStatusUnknown");
  CHECK(condition.get("message").str() == "Kubelet stopped posting node status.");
  CHECK(plan.operations.at(0).on_success->message == "Node lost status is now: NodeNotReady");
  CHECK(w.taints("lost") == std::set<std::string>{"unreachable:NoSchedule", "unreachable:NoExecute"});
  const auto marks = of_verb(plan, operation::verb::patch_status);
  REQUIRE(marks.size() == 1);
  CHECK(marks[0].name == "p");
  CHECK(w.settle("live").operations.empty());

  SECTION("and loses its taints when it is back") {
    w.test.put(client::nodes, [&] {
      draft node = w.node("lost");
      node["metadata"].erase("resourceVersion");
      node["status"]["conditions"].items()[3] = json(R"({"type":"Ready","status":"True","lastHeartbeatTime":"2026-01-01T01:00:00Z"})");
      return node;
    }());
    w.settle("lost");
    CHECK(w.taints("lost").empty());
  }
}

TEST_CASE("a node that never reported is given more time, then it says so") {
  world w;
  w.test.put(client::nodes, R"({"metadata":{"name":"new","uid":"u"}})");
  w.pass(50);
  CHECK(w.settle("new").operations.empty());
  w.pass(11);
  w.settle("new");
  const auto conditions = w.node("new").at({"status", "conditions"});
  REQUIRE(conditions.size() == 4);
  CHECK(conditions.items()[0].get("reason").str() == "NodeStatusNeverUpdated");
}

TEST_CASE("when all nodes are lost, they are marked but nobody is evicted") {
  world w;
  w.test.put(client::nodes, ready_node("only"));
  w.settle("only");
  w.pass(51);
  w.settle("only");
  CHECK(w.taints("only") == std::set<std::string>{"unreachable:NoSchedule"});
}

TEST_CASE("while no apiserver is there, no time runs against the nodes") {
  world w;
  bool connected = true;
  samples::fixture<nodelifecycle_controller> test{w.clock};
  test.tools.connected = [&] { return connected; };
  test.controller.start(test.tools); // anew, with that
  auto& nodes = *test.api.caches()[3];
  nodes.apply(runtime::protocols::apiserver::EventType::added, samples::pack(client::nodes, ready_node("n")), 1);
  test.sync("node/n");
  connected = false;
  w.pass(100);
  CHECK(test.sync("node/n").operations.empty());
  connected = true;
  CHECK(test.sync("node/n").operations.empty());
  w.pass(51);
  CHECK(test.sync("node/n").operations.size() == 1);
}

TEST_CASE("pods leave a NoExecute taint at once, later, or never, as they tolerate it") {
  world w;
  draft node = ready_node("n");
  node["spec"].set("taints", json(R"([{"key":"node.kubernetes.io/unreachable","effect":"NoExecute","timeAdded":"2026-01-01T00:00:00Z"}])"));
  w.test.put(client::nodes, node);
  w.put_pod("none", "n", true);
  w.put_pod("ever", "n", true, R"([{"key":"node.kubernetes.io/unreachable","operator":"Exists","effect":"NoExecute"}])");
  w.put_pod("later", "n", true, R"([{"key":"node.kubernetes.io/unreachable","operator":"Exists","tolerationSeconds":300}])");
  CHECK(w.test.take_queued().contains("pod/d/none"));

  auto plan = w.test.sync("pod/d/none");
  REQUIRE(plan.operations.size() == 1); // first it says why
  CHECK(plan.operations[0].what == operation::verb::patch_status);
  REQUIRE(plan.events.size() == 1);
  CHECK(plan.events[0].reason == "TaintManagerEviction");
  CHECK(plan.events[0].message == "Marking for deletion Pod d/none");
  w.test.put(client::pods, R"({"metadata":{"namespace":"d","name":"none","uid":"none-uid"},"spec":{"nodeName":"n"},
    "status":{"conditions":[{"type":"DisruptionTarget","status":"True"}]}})");
  plan = w.test.sync("pod/d/none");
  REQUIRE(plan.operations.size() == 1);
  CHECK(plan.operations[0].what == operation::verb::remove);
  CHECK(plan.operations[0].options.uid == "none-uid");

  CHECK(w.test.sync("pod/d/ever").operations.empty());
  plan = w.test.sync("pod/d/later");
  CHECK(plan.operations.empty());
  CHECK(plan.again_after == std::chrono::seconds{300});
  SECTION("its time runs out") {
    w.pass(300);
    CHECK(w.test.sync("pod/d/later").operations.size() == 1);
  }
  SECTION("the taint goes first") {
    w.pass(100);
    w.test.take_queued();
    w.test.put(client::nodes, ready_node("n"));
    CHECK(w.test.take_queued().contains("pod/d/later"));
    plan = w.test.sync("pod/d/later");
    CHECK(plan.operations.empty());
    REQUIRE(plan.events.size() == 1);
    CHECK(plan.events[0].message == "Cancelling deletion of Pod d/later");
  }
}
