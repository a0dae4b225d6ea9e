// Which pods a ReplicaSet creates, adopts, releases and gives up.
#include "actors/controllers/replicaset/replicaset_controller.hpp"
#include "tests/unit/actors/controllers/fixture.hpp"

namespace client = actors::client;
using actors::controllers::replicaset::burst_max;
using actors::controllers::replicaset::replicaset_controller;
using samples::draft;
using samples::json;
using samples::of_verb;
using samples::operation;

namespace {

struct sets : samples::fixture<replicaset_controller> {
  sets() : fixture(std::make_shared<runtime::seams::manual_clock>()) {}
  void set(int replicas) {
    draft object = json(R"({"metadata":{"namespace":"d","name":"rs","uid":"rs-uid"},"spec":{"selector":{"matchLabels":{"app":"x"}},
      "template":{"metadata":{"labels":{"app":"x"}},"spec":{"containers":[{"name":"c","image":"i"}]}}}})");
    object["spec"].set("replicas", replicas);
    put(client::replicasets, object);
  }
  struct pod_options {
    const char* node = "n";
    const char* phase = "Running";
    const char* ready_since = nullptr; // nullptr: not ready
    const char* created = "2025-12-31T00:00:00Z";
    const char* cost = nullptr;
    int restarts = 0;
    bool owned = true;
    const char* app = "x";
  };
  void pod(const std::string& name, pod_options o) {
    draft object = json(R"({"metadata":{"namespace":"d"},"spec":{},"status":{}})");
    draft& metadata = object["metadata"];
    metadata.set("name", name);
    metadata.set("uid", name);
    metadata.set("creationTimestamp", o.created);
    metadata["labels"].set("app", o.app);
    if (o.cost != nullptr)
      metadata["annotations"].set("controller.kubernetes.io/pod-deletion-cost", o.cost);
    if (o.owned)
      metadata.set("ownerReferences", json(R"([{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"rs","uid":"rs-uid","controller":true}])"));
    object["spec"].set("nodeName", o.node);
    object["status"].set("phase", o.phase);
    object["status"].set("containerStatuses", json(R"([{"name":"c","image":"i","imageID":"","ready":true,"restartCount":0}])"));
    object["status"]["containerStatuses"].items()[0].set("restartCount", o.restarts);
    if (o.ready_since != nullptr)
      object["status"].set("conditions", draft::make_array({draft::make_object(
                                           {{"type", "Ready"}, {"status", "True"}, {"lastTransitionTime", o.ready_since}})}));
    put(client::pods, object);
  }
  std::vector<std::string> removed() {
    std::vector<std::string> result;
    for (const auto& item : of_verb(sync("d/rs"), operation::verb::remove))
      result.push_back(item.name);
    return result;
  }
};

} // namespace

TEST_CASE("missing pods are created from the template, owned, at most a burst of them") {
  sets test;
  test.set(2);
  auto creations = of_verb(test.sync("d/rs"), operation::verb::create);
  REQUIRE(creations.size() == 2);
  CHECK(creations[0].object.at({"metadata", "generateName"}).str() == "rs-");
  CHECK(creations[0].object.at({"metadata", "labels", "app"}).str() == "x");
  CHECK(creations[0].object.at({"metadata", "ownerReferences"}).items()[0].get("uid").str() == "rs-uid");
  CHECK(creations[0].on_success->reason == "SuccessfulCreate");
  test.set(burst_max + 100);
  CHECK(of_verb(test.sync("d/rs"), operation::verb::create).size() == burst_max);
}

TEST_CASE("pods that finished or are being deleted are replaced") {
  sets test;
  test.set(2);
  test.pod("a", {.phase = "Failed"});
  test.pod("b", {});
  CHECK(of_verb(test.sync("d/rs"), operation::verb::create).size() == 1);
  CHECK(test.removed().empty());
}

TEST_CASE("pods without a controller are adopted, those that the selector lost are released") {
  sets test;
  test.set(1);
  test.pod("orphan", {.owned = false});
  auto plan = test.sync("d/rs");
  CHECK(of_verb(plan, operation::verb::create).empty());
  auto patches = of_verb(plan, operation::verb::patch);
  REQUIRE(patches.size() == 1);
  CHECK(patches[0].object.at({"metadata", "ownerReferences"}).items()[0].get("controller") == draft(true));
  test.pod("orphan", {.owned = true, .app = "other"});
  plan = test.sync("d/rs");
  CHECK(of_verb(plan, operation::verb::create).size() == 1);
  patches = of_verb(plan, operation::verb::patch);
  REQUIRE(patches.size() == 1);
  CHECK(patches[0].object.at({"metadata", "ownerReferences"}).items()[0].get("$patch").str() == "delete");
}

TEST_CASE("surplus pods are given up in upstream's order, rule by rule") {
  sets test;
  test.set(1);
  using o = sets::pod_options;
  const char* old = "2025-01-01T00:00:00Z";
  const char* recent = "2025-12-31T23:00:00Z";
  struct row {
    const char* rule;
    o kept, given_up;
  };
  for (const auto& [rule, kept, given_up] : std::vector<row>{
         {"unassigned before assigned", {.phase = "Pending"}, {.node = "", .phase = "Pending"}},
         {"pending before running", {}, {.phase = "Pending"}},
         {"not ready before ready", {.ready_since = old}, {}},
         {"cheap before dear", {.ready_since = old, .cost = "10"}, {.ready_since = old, .cost = "-10"}},
         {"ready for a shorter time first", {.ready_since = old}, {.ready_since = recent}},
         {"restarted more often first", {.ready_since = old}, {.ready_since = old, .restarts = 3}},
         {"younger first", {.ready_since = old, .created = old}, {.ready_since = old, .created = recent}},
       }) {
    INFO(rule);
    test.pod("a", kept);
    test.pod("b", given_up);
    CHECK(test.removed() == std::vector<std::string>{"b"});
    test.pod("a", given_up);
    test.pod("b", kept);
    CHECK(test.removed() == std::vector<std::string>{"a"});
  }
}

TEST_CASE("pods on crowded nodes go first") {
  sets test;
  test.set(2);
  const char* since = "2025-01-01T00:00:00Z";
  test.pod("a", {.node = "alone", .ready_since = since});
  test.pod("b", {.node = "crowd", .ready_since = since});
  test.pod("c", {.node = "crowd", .ready_since = since});
  CHECK(test.removed() == std::vector<std::string>{"b"});
}

TEST_CASE("a set that is being deleted creates nothing, and one without changes writes nothing") {
  sets test;
  test.set(1);
  test.pod("a", {.ready_since = "2025-01-01T00:00:00Z"});
  const auto plan = test.sync("d/rs");
  auto status = of_verb(plan, operation::verb::update_status);
  REQUIRE(status.size() == 1);
  CHECK(status[0].object.at({"status", "readyReplicas"}).integer() == 1);
  CHECK(status[0].object.at({"status", "availableReplicas"}).integer() == 1);
  status[0].object["metadata"].erase("resourceVersion");
  test.put(client::replicasets, status[0].object);
  CHECK(test.sync("d/rs").operations.empty());
  CHECK(test.sync("d/none").operations.empty());
  status[0].object["metadata"].set("deletionTimestamp", "2026-01-01T00:00:00Z");
  test.put(client::replicasets, status[0].object);
  test.erase(client::pods, "d/a");
  CHECK(of_verb(test.sync("d/rs"), operation::verb::create).empty());
}
