// Pods that nobody else deletes: which, when, and how.
#include "actors/controllers/podgc/podgc_controller.hpp"
#include "tests/unit/actors/controllers/fixture.hpp"

namespace client = actors::client;
namespace podgc = actors::controllers::podgc;
using namespace podgc;
using namespace std::chrono_literals;
using samples::draft;
using samples::json;
using samples::operation;
using samples::sync_plan;

namespace {

// ---- the pure part ---------------------------------------------------------------------------------------

const limits many{.terminated_threshold = 2, .found_max = 100, .terminated_max = 100};

/// Nodes by their first letter: g(one), o(ut of service), anything else is there.
node_standing standing(std::string_view node) {
  return node.starts_with("g") ? node_standing::missing : node.starts_with("o") ? node_standing::out_of_service : node_standing::present;
}

std::string text_of(const std::vector<garbage>& found) {
  std::string result;
  for (const auto& pod : found)
    result += (result.empty() ? "" : " ") + pod.key + ":" + std::string{name_of(pod.why)};
  return result;
}

pod_facts finished(std::string_view key, int64_t created, bool evicted = false) {
  return {.key = key, .uid = key, .node = "n", .created = created, .terminated = true, .evicted = evicted};
}

TEST_CASE("each reason applies to what it is about, and to nothing else", "[podgc]") {
  const auto found = [](const pod_facts& pod) {
    auto all = find_garbage({pod}, standing, many);
    std::string result = text_of(all.now);
    for (const auto& [node, pods] : all.orphans)
      result += "[" + node + " " + text_of(pods) + "]";
    return result;
  };
  CHECK(found({.key = "d/p", .node = "n"}).empty());
  CHECK(found({.key = "d/p"}).empty());                                 // waits for a node
  CHECK(found({.key = "d/p", .node = "n", .ending = true}).empty());    // its kubelet ends it
  CHECK(found({.key = "d/p", .node = "o"}).empty());                    // nobody has deleted it
  CHECK(found({.key = "d/p", .node = "o", .ending = true}) == "d/p:out-of-service");
  CHECK(found({.key = "d/p", .ending = true}) == "d/p:unscheduled");
  CHECK(found({.key = "d/p", .node = "g"}) == "[g d/p:orphaned]");
  CHECK(found({.key = "d/p", .node = "g", .ending = true}) == "[g d/p:orphaned]");
  CHECK(found({.key = "d/p", .node = "g", .terminated = true}) == "[g d/p:orphaned]");
  CHECK(found({.key = "d/p", .node = "g", .terminated = true, .ending = true, .settled = true}) == "[g ]");
  CHECK(found({.key = "d/p", .ending = true, .settled = true}).empty());
}

TEST_CASE("of finished pods the evicted ones go first, then the oldest, until as many are left as may be", "[podgc]") {
  const std::vector<pod_facts> pods{finished("d/c", 30), finished("d/a", 10), finished("d/e", 50, true), finished("e/b", 20), finished("d/b", 20)};
  CHECK(text_of(find_garbage(pods, standing, many).now) == "d/e:terminated d/a:terminated d/b:terminated");
  CHECK(find_garbage(pods, standing, {.terminated_threshold = 5, .found_max = 100, .terminated_max = 100}).now.empty());
  CHECK(find_garbage(pods, standing, {.terminated_threshold = 0, .found_max = 100, .terminated_max = 100}).now.empty()); // switched off
  SECTION("one that only finalizers hold counts, and no other goes in its place") {
    auto held = pods;
    held[1].settled = true;
    CHECK(text_of(find_garbage(held, standing, many).now) == "d/e:terminated d/b:terminated");
  }
}

TEST_CASE("a look finds no more than its limits, says so, and finished pods leave room for others", "[podgc]") {
  std::vector<pod_facts> pods{finished("d/a", 1), finished("d/b", 2), finished("d/c", 3), finished("d/d", 4), finished("d/e", 5)};
  pods.push_back({.key = "d/ending", .ending = true});
  auto found = find_garbage(pods, standing, {.terminated_threshold = 1, .found_max = 3, .terminated_max = 100});
  CHECK(text_of(found.now) == "d/ending:unscheduled d/a:terminated d/b:terminated");
  CHECK(found.more);
  found = find_garbage(pods, standing, {.terminated_threshold = 1, .found_max = 100, .terminated_max = 1});
  CHECK(text_of(found.now) == "d/ending:unscheduled d/a:terminated");
  CHECK(found.more);
  found = find_garbage(pods, standing, {.terminated_threshold = 1, .found_max = 5, .terminated_max = 4});
  CHECK(found.now.size() == 5);
  CHECK_FALSE(found.more);
  CHECK(find_garbage(pods, standing, {.terminated_threshold = 1, .found_max = 0, .terminated_max = 0}).more);
}

TEST_CASE("a node is out of service when it says so and is not ready", "[podgc]") {
  const auto of = [](const char* text) {
    const auto packed = samples::pack(client::nodes, json(text));
    return standing_of(packed.root<Node>());
  };
  const std::string taint = R"("spec":{"taints":[{"key":"a","effect":"NoSchedule"},{"key":"node.kubernetes.io/out-of-service","effect":"NoExecute"}]})";
  const auto with = [&](const char* ready) {
    return of((R"({"metadata":{"name":"n"},)" + taint + R"(,"status":{"conditions":[{"type":"Ready","status":")" + ready + R"("}]}})").c_str());
  };
  CHECK(with("True") == node_standing::present);
  CHECK(with("False") == node_standing::out_of_service);
  CHECK(with("Unknown") == node_standing::out_of_service);
  CHECK(of((R"({"metadata":{"name":"n"},)" + taint + "}").c_str()) == node_standing::out_of_service);
  CHECK(of(R"({"metadata":{"name":"n"},"status":{"conditions":[{"type":"Ready","status":"False"}]}})") == node_standing::present);
  CHECK(standing_of(nullptr) == node_standing::missing);
}

TEST_CASE("a missing node has its time; one that comes back begins anew", "[podgc]") {
  using missing = std::map<std::string, int>;
  quarantine held;
  const int64_t begin = 1'000'000, end = begin + quarantine::time_us;
  held.look(missing{{"a", 0}, {"b", 0}}, begin);
  CHECK(held.due(end - 1).empty());
  CHECK(held.next_due(begin) == end);
  held.look(missing{{"a", 0}, {"c", 0}}, begin + 5); // b is there again
  held.release("a");
  held.look(missing{{"a", 0}, {"b", 0}, {"c", 0}}, begin + 10);
  CHECK(held.due(end + 5) == std::vector<std::string>{"c"});
  CHECK(held.due(end + 10) == std::vector<std::string>{"a", "b", "c"});
  CHECK(held.next_due(end + 5) == end + 10);
  CHECK_FALSE(held.next_due(end + 10));
}

// ---- the controller --------------------------------------------------------------------------------------

struct world {
  std::shared_ptr<runtime::seams::manual_clock> clock = std::make_shared<runtime::seams::manual_clock>();
  int64_t threshold = 2;
  samples::fixture<podgc_controller> test{clock, runtime::telemetry::logger{}, threshold};

  void pass_seconds(int seconds) { clock->advance_us(int64_t{seconds} * 1'000'000); }
  void add_node(const char* name) { test.put(client::nodes, json(fmt::format(R"({{"metadata":{{"name":"{}"}}}})", name).c_str())); }
  draft pod(const std::string& name, const std::string& node, const char* phase = "Running") {
    draft result = json(R"({"metadata":{"namespace":"d","generation":3,"creationTimestamp":"2026-01-01T00:00:00Z"},"spec":{},"status":{}})");
    result["metadata"].set("name", name);
    result["metadata"].set("uid", name + "-uid");
    if (!node.empty())
      result["spec"].set("nodeName", node);
    result["status"].set("phase", phase);
    return result;
  }
  void put(const draft& pod) { test.put(client::pods, pod); }
  void answer(const operation& what, int code) {
    client::api_result result;
    result.code = code;
    REQUIRE(what.on_result);
    what.on_result(result);
  }
  /// A pass; the names of the nodes that it asks for.
  sync_plan look() { return test.sync("pass"); }
  /// A pod on a node that has gone, and the API says so, too.
  void orphan(const std::string& name) {
    put(pod(name, "gone"));
    look();
    pass_seconds(40);
    for (const auto& question : look().operations)
      answer(question, 404);
  }
};

TEST_CASE("the pod of a node that is gone is made Failed, and deleted at once", "[podgc]") {
  world w;
  w.add_node("n");
  w.put(w.pod("well", "n"));
  w.put(w.pod("orphan", "gone"));
  CHECK(w.test.take_queued() == std::set<std::string>{"pass"});
  auto plan = w.look();
  CHECK(plan.operations.empty());
  CHECK(plan.again_after == 20s);
  w.pass_seconds(30);
  plan = w.look();
  CHECK(plan.operations.empty());
  CHECK(plan.again_after == 10s); // when the quarantine ends
  w.pass_seconds(10);
  plan = w.look();
  REQUIRE(plan.operations.size() == 1);
  CHECK(plan.operations[0].what == operation::verb::get);
  CHECK(plan.operations[0].resource == &client::nodes);
  CHECK(plan.operations[0].name == "gone");
  CHECK(w.test.sync("pod/d/orphan").operations.empty()); // not before the answer
  w.test.take_queued();
  w.answer(plan.operations[0], 404);
  CHECK(w.test.take_queued() == std::set<std::string>{"pod/d/orphan"});

  plan = w.test.sync("pod/d/orphan");
  REQUIRE(plan.operations.size() == 1);
  const auto& patch = plan.operations[0];
  CHECK(patch.what == operation::verb::patch_status);
  CHECK(patch.patch_kind == client::protocol::PatchKind::strategic_merge);
  CHECK(patch.name_space == "d");
  CHECK(patch.name == "orphan");
  CHECK(patch.object.at({"metadata", "uid"}).str() == "orphan-uid");
  CHECK(patch.object.at({"status", "phase"}).str() == "Failed");
  CHECK(patch.object.at({"status", "observedGeneration"}).integer() == 3);
  const auto& condition = patch.object.at({"status", "conditions"}).items().at(0);
  CHECK(condition.get("type").str() == "DisruptionTarget");
  CHECK(condition.get("status").str() == "True");
  CHECK(condition.get("reason").str() == "DeletionByPodGC");
  CHECK(condition.get("message").str() == "PodGC: node no longer exists");
  CHECK(condition.get("lastTransitionTime").str() == "2026-01-01T00:00:40Z");
  w.answer(patch, 200);
  CHECK(w.test.take_queued() == std::set<std::string>{"pod/d/orphan"});

  w.put(w.pod("orphan", "gone")); // its kubelet lives, and says that it runs
  plan = w.test.sync("pod/d/orphan");
  REQUIRE(plan.operations.size() == 1);
  CHECK(plan.operations[0].what == operation::verb::remove);
  CHECK(plan.operations[0].name_space == "d");
  CHECK(plan.operations[0].name == "orphan");
  CHECK(plan.operations[0].options.uid == "orphan-uid");
  CHECK(plan.operations[0].options.grace_seconds == 0);
  w.answer(plan.operations[0], 200);
  CHECK(w.test.sync("pod/d/orphan").operations.empty());
  w.test.erase(client::pods, "d/orphan");
  plan = w.look();
  CHECK(plan.operations.empty());
  CHECK_FALSE(plan.again_after); // nothing is left to look at
}

TEST_CASE("a node that the API has keeps its pods, however long the cache lacks it", "[podgc]") {
  world w;
  w.put(w.pod("p", "late"));
  w.look();
  w.pass_seconds(40);
  auto plan = w.look();
  REQUIRE(plan.operations.size() == 1);
  w.test.take_queued();
  w.answer(plan.operations[0], 200);
  CHECK(w.test.take_queued().empty());
  CHECK(w.look().operations.empty()); // has its time again
  w.pass_seconds(40);
  plan = w.look();
  REQUIRE(plan.operations.size() == 1);
  w.answer(plan.operations[0], 503); // nobody can tell: it is asked for again
  CHECK(w.test.take_queued().empty());
  CHECK(w.look().operations.size() == 1);
}

TEST_CASE("a node that registers again keeps its pods, also those that were begun with", "[podgc]") {
  world w;
  w.orphan("p");
  CHECK(w.test.sync("pod/d/p").operations.size() == 1);
  w.add_node("gone");
  CHECK(w.test.sync("pod/d/p").operations.empty());
  w.test.erase(client::nodes, "gone");
  CHECK(w.test.delayed.at("pass") == 20s);
  CHECK(w.test.sync("pod/d/p").operations.empty()); // it is no longer one of those
  CHECK(w.look().operations.empty());               // and the node has its whole time again
}

TEST_CASE("a pod that was bound after the question is not deleted by its answer", "[podgc]") {
  world w;
  w.put(w.pod("old", "gone"));
  w.look();
  w.pass_seconds(40);
  const auto plan = w.look();
  w.put(w.pod("new", "gone"));
  w.test.take_queued();
  w.answer(plan.operations.at(0), 404);
  CHECK(w.test.take_queued() == std::set<std::string>{"pod/d/old"});
}

TEST_CASE("another pod of the same name is left alone", "[podgc]") {
  world w;
  w.orphan("p");
  auto other = w.pod("p", "gone");
  other["metadata"].set("uid", "another-uid");
  w.put(other);
  CHECK(w.test.sync("pod/d/p").operations.empty());
}

TEST_CASE("what is refused is given up, and found again by the next pass", "[podgc]") {
  world w;
  w.orphan("p");
  auto plan = w.test.sync("pod/d/p");
  REQUIRE(plan.operations.size() == 1);
  w.answer(plan.operations[0], 503);
  CHECK(w.test.sync("pod/d/p").operations.empty());
  plan = w.look();
  REQUIRE(plan.operations.size() == 1); // asks again
  w.answer(plan.operations[0], 404);
  CHECK(w.test.sync("pod/d/p").operations.size() == 1);
}

TEST_CASE("a finished pod of a node that is gone is only deleted; a disruption stays since when it is", "[podgc]") {
  world w;
  w.put(w.pod("done", "gone", "Succeeded"));
  auto struck = w.pod("struck", "gone");
  struck["status"].set("conditions", json(R"([{"type":"DisruptionTarget","status":"True","reason":"DeletionByTaintManager"}])"));
  w.put(struck);
  w.look();
  w.pass_seconds(40);
  w.answer(w.look().operations.at(0), 404);
  CHECK(w.test.sync("pod/d/done").operations.at(0).what == operation::verb::remove);
  const auto plan = w.test.sync("pod/d/struck");
  const auto& condition = plan.operations.at(0).object.at({"status", "conditions"}).items().at(0);
  CHECK(condition.get("reason").str() == "DeletionByPodGC");
  CHECK_FALSE(condition.contains("lastTransitionTime"));
}

TEST_CASE("a pod that ends and was never scheduled is made Failed without a condition", "[podgc]") {
  world w;
  auto ending = w.pod("p", "", "Pending");
  ending["metadata"].set("deletionTimestamp", "2026-01-01T00:00:00Z");
  ending["metadata"].set("deletionGracePeriodSeconds", 0);
  ending["metadata"].set("finalizers", json(R"(["example.com/hold"])"));
  w.put(ending);
  w.look();
  CHECK(w.test.take_queued().contains("pod/d/p"));
  auto plan = w.test.sync("pod/d/p");
  REQUIRE(plan.operations.size() == 1);
  CHECK(plan.operations[0].object.at({"status", "phase"}).str() == "Failed");
  CHECK_FALSE(plan.operations[0].object.get("status").contains("conditions"));
  w.answer(plan.operations[0], 200);
  w.answer(w.test.sync("pod/d/p").operations.at(0), 200);
  ending["status"].set("phase", "Failed");
  w.put(ending); // the finalizer holds it
  w.test.take_queued();
  w.look();
  CHECK(w.test.take_queued().empty()); // and nothing more is written
}

TEST_CASE("pods that end on a node out of service go when it is not ready", "[podgc]") {
  world w;
  draft node = json(R"({"metadata":{"name":"n"},"spec":{"taints":[{"key":"node.kubernetes.io/out-of-service","effect":"NoExecute"}]},
    "status":{"conditions":[{"type":"Ready","status":"True"}]}})");
  w.test.put(client::nodes, node);
  auto ending = w.pod("p", "n");
  ending["metadata"].set("deletionTimestamp", "2026-01-01T00:00:30Z");
  ending["metadata"].set("deletionGracePeriodSeconds", 30);
  w.put(ending);
  w.put(w.pod("stays", "n"));
  w.look();
  CHECK(w.test.take_queued() == std::set<std::string>{"pass"});
  node["status"]["conditions"].items()[0].set("status", "Unknown");
  w.test.put(client::nodes, node);
  w.look();
  CHECK(w.test.take_queued() == std::set<std::string>{"pod/d/p"});
  CHECK(w.test.sync("pod/d/p").operations.at(0).what == operation::verb::patch_status);
}

TEST_CASE("finished pods beyond the threshold are deleted by the pass that finds them", "[podgc]") {
  world w;
  w.add_node("n");
  for (const auto* name : {"a", "b", "c"})
    w.put(w.pod(name, "n", "Succeeded"));
  w.test.take_queued();
  auto plan = w.look();
  CHECK(plan.operations.empty());
  CHECK(plan.again_after == 20s);
  CHECK(w.test.take_queued() == std::set<std::string>{"pod/d/a"});
  CHECK(w.test.sync("pod/d/a").operations.at(0).what == operation::verb::remove);
  w.look();
  CHECK(w.test.take_queued().empty()); // it is being deleted
}

TEST_CASE("a pod that starts to matter brings the next pass; one that does not, none", "[podgc]") {
  world w;
  w.add_node("n");
  w.put(w.pod("p", "n"));
  CHECK_FALSE(w.look().again_after);
  w.put(w.pod("p", "n"));
  CHECK(w.test.delayed.empty());
  w.put(w.pod("p", "n", "Failed"));
  CHECK(w.test.delayed.at("pass") == 20s);
}

TEST_CASE("no more pods are deleted at a time than may be, and the others follow soon", "[podgc]") {
  world w;
  for (size_t i = 0; i < podgc_controller::in_work_max + 1; ++i)
    w.put(w.pod(fmt::format("p{:04}", i), "gone"));
  w.look();
  w.pass_seconds(40);
  const auto plan = w.look();
  REQUIRE(plan.operations.size() == 1);
  w.test.take_queued();
  w.answer(plan.operations[0], 404);
  CHECK(w.test.take_queued().size() == podgc_controller::in_work_max);
  CHECK(w.test.delayed.at("pass") == 1s);
}

TEST_CASE("no more missing nodes are asked for at a time than may be", "[podgc]") {
  world w;
  for (size_t i = 0; i < podgc_controller::nodes_asked_max + 1; ++i)
    w.put(w.pod(fmt::format("p{}", i), fmt::format("gone{}", i)));
  w.look();
  w.pass_seconds(40);
  const auto plan = w.look();
  CHECK(plan.operations.size() == podgc_controller::nodes_asked_max);
  CHECK(plan.again_after == 1s);
}

} // namespace
