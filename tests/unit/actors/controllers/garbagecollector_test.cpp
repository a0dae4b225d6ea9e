// Owners and dependents.
#include "actors/controllers/garbagecollector/garbagecollector_controller.hpp"
#include "tests/unit/actors/controllers/fixture.hpp"

namespace client = actors::client;
using actors::controllers::garbagecollector::garbagecollector_controller;
using samples::draft;
using samples::json;
using samples::of_verb;
using samples::operation;
using samples::sync_plan;

namespace {

draft owner(const std::string& name, const char* kind = "ReplicaSet", bool blocks = true) {
  return draft::make_object({{"apiVersion", std::string_view{kind} == "Pod" ? "v1" : "apps/v1"},
                             {"kind", kind},
                             {"name", name},
                             {"uid", name},
                             {"blockOwnerDeletion", blocks}});
}

struct collector : samples::fixture<garbagecollector_controller> {
  void object(const client::resource& what, const std::string& name, std::vector<draft> owners, std::vector<const char*> finalizers = {},
              bool deleting = false, const char* name_space = "d") {
    draft metadata = draft::make_object({{"namespace", name_space}, {"name", name}, {"uid", name}});
    metadata.set("ownerReferences", draft::make_array(std::move(owners)));
    for (const char* finalizer : finalizers)
      metadata["finalizers"].push_back(finalizer);
    if (deleting)
      metadata.set("deletionTimestamp", "2026-01-01T00:00:00Z");
    put(what, draft::make_object({{"metadata", std::move(metadata)}}));
  }
  /// The API's answer to the questions of `plan`: nothing is there, or something with that uid.
  void answer(const sync_plan& plan, const client::resource& what, const char* uid) {
    for (const auto& read : of_verb(plan, operation::verb::get)) {
      client::api_result result;
      result.code = uid == nullptr ? 404 : 200;
      if (uid != nullptr)
        result.object = samples::pack(what, draft::make_object({{"metadata", draft::make_object({{"name", read.name}, {"uid", uid}})}}));
      read.on_result(result);
    }
  }
};

} // namespace

TEST_CASE("an object is deleted when its owner is seen to go") {
  collector test;
  test.object(client::replicasets, "rs", {});
  test.object(client::pods, "pod", {owner("rs")});
  CHECK(test.sync("pod").operations.empty());
  test.take_queued();
  test.erase(client::replicasets, "d/rs");
  CHECK(test.take_queued() == std::set<std::string>{"pod"});
  const auto plan = test.sync("pod");
  REQUIRE(plan.operations.size() == 1);
  CHECK(plan.operations[0].what == operation::verb::remove);
  CHECK(plan.operations[0].name == "pod");
  CHECK(plan.operations[0].options.uid == "pod");
  CHECK(plan.operations[0].options.revision > 0);
  CHECK(plan.operations[0].options.propagation == "Background");
  test.erase(client::pods, "d/pod");
  CHECK(test.controller.graph().size() == 0);
}

TEST_CASE("an owner that no watch shows is asked about before anything is deleted") {
  collector test;
  test.object(client::pods, "pod", {owner("rs")});
  const auto plan = test.sync("pod");
  REQUIRE(plan.operations.size() == 1);
  REQUIRE(plan.operations[0].what == operation::verb::get);
  CHECK(plan.operations[0].name_space == "d");
  test.take_queued();
  SECTION("gone") {
    test.answer(plan, client::replicasets, nullptr);
    CHECK(test.take_queued() == std::set<std::string>{"pod"});
    CHECK(of_verb(test.sync("pod"), operation::verb::remove).size() == 1);
  }
  SECTION("another object has its name") {
    test.answer(plan, client::replicasets, "other");
    CHECK(of_verb(test.sync("pod"), operation::verb::remove).size() == 1);
  }
  SECTION("it exists: the watch is behind") {
    test.answer(plan, client::replicasets, "rs");
    const auto next = test.sync("pod");
    CHECK(next.operations.empty());
    CHECK(next.again_after == garbagecollector_controller::recheck_delay);
  }
  SECTION("the API does not answer") {
    client::api_result result; // 503
    plan.operations[0].on_result(result);
    CHECK(of_verb(test.sync("pod"), operation::verb::get).size() == 1);
  }
}

TEST_CASE("the order in which owner and dependent are seen does not matter") {
  collector test;
  test.object(client::pods, "pod", {owner("rs")});
  test.object(client::replicasets, "rs", {});
  CHECK(test.sync("pod").operations.empty());
  test.erase(client::replicasets, "d/rs");
  CHECK(of_verb(test.sync("pod"), operation::verb::remove).size() == 1);
}

TEST_CASE("an owner of a kind that is not served is never taken for gone") {
  collector test;
  test.object(client::pods, "pod", {owner("x", "Widget")});
  CHECK(test.sync("pod").operations.empty());
}

TEST_CASE("while one owner stays, references to those that are gone are dropped") {
  collector test;
  test.object(client::replicasets, "a", {});
  test.object(client::replicasets, "b", {});
  test.object(client::pods, "pod", {owner("a"), owner("b")});
  test.erase(client::replicasets, "d/a");
  const auto plan = test.sync("pod");
  REQUIRE(plan.operations.size() == 1);
  CHECK(plan.operations[0].what == operation::verb::patch);
  CHECK(plan.operations[0].object == json(R"({"metadata":{"uid":"pod","ownerReferences":[{"$patch":"delete","uid":"a"}]}})"));
}

TEST_CASE("an owner in another namespace is none") {
  collector test;
  test.object(client::replicasets, "rs", {}, {}, false, "elsewhere");
  test.object(client::pods, "pod", {owner("rs")});
  CHECK(of_verb(test.sync("pod"), operation::verb::remove).size() == 1);
}

TEST_CASE("foreground: dependents go first, and then the owner's finalizer") {
  collector test;
  test.object(client::replicasets, "rs", {});
  test.object(client::pods, "pod", {owner("rs")});
  test.object(client::pods, "free", {owner("rs", "ReplicaSet", false)});
  test.take_queued();
  test.object(client::replicasets, "rs", {}, {"foregroundDeletion", "mine/x"}, true);
  CHECK(test.take_queued() == std::set<std::string>{"rs", "pod", "free"});
  CHECK(test.sync("rs").operations.empty());
  CHECK(of_verb(test.sync("pod"), operation::verb::remove).size() == 1);
  CHECK(of_verb(test.sync("free"), operation::verb::remove).size() == 1);
  test.take_queued();
  test.erase(client::pods, "d/pod");
  CHECK(test.take_queued() == std::set<std::string>{"rs"});
  const auto plan = test.sync("rs"); // the other one does not block
  REQUIRE(plan.operations.size() == 1);
  CHECK(plan.operations[0].object.at({"metadata", "finalizers"}) == json(R"(["mine/x"])"));
  CHECK(!plan.operations[0].object.at({"metadata", "resourceVersion"}).str().empty());
}

TEST_CASE("foreground goes down through the generations") {
  collector test;
  test.object(client::deployments, "dep", {}, {"foregroundDeletion"}, true);
  test.object(client::replicasets, "rs", {owner("dep", "Deployment")});
  test.object(client::pods, "pod", {owner("rs")});
  const auto plan = test.sync("rs");
  REQUIRE(plan.operations.size() == 1);
  CHECK(plan.operations[0].options.propagation == "Foreground");
  CHECK(test.sync("pod").operations.empty());
}

TEST_CASE("orphan: dependents forget the owner, and then its finalizer goes") {
  collector test;
  test.object(client::pods, "pod", {owner("rs")});
  test.object(client::replicasets, "rs", {}, {"orphan"}, true);
  const auto plan = test.sync("rs");
  REQUIRE(plan.operations.size() == 1);
  CHECK(plan.operations[0].name == "pod");
  CHECK(plan.operations[0].object == json(R"({"metadata":{"uid":"pod","ownerReferences":[{"$patch":"delete","uid":"rs"}]}})"));
  test.take_queued();
  test.object(client::pods, "pod", {});
  CHECK(test.take_queued().contains("rs"));
  const auto last = test.sync("rs");
  REQUIRE(last.operations.size() == 1);
  CHECK(last.operations[0].object.at({"metadata", "finalizers"}).empty());
  CHECK(test.sync("pod").operations.empty());
}

TEST_CASE("an object under the same name is another one") {
  collector test;
  test.object(client::replicasets, "rs", {});
  test.object(client::pods, "pod", {owner("rs")});
  test.take_queued();
  test.put(client::replicasets, R"({"metadata":{"namespace":"d","name":"rs","uid":"rs-2"}})");
  CHECK(test.take_queued().contains("pod"));
  CHECK(of_verb(test.sync("pod"), operation::verb::remove).size() == 1);
}

TEST_CASE("what is being deleted already, and what has no owner, is left alone") {
  collector test;
  test.object(client::replicasets, "rs", {});
  test.object(client::pods, "pod", {owner("rs")}, {"x/y"}, true);
  test.object(client::pods, "free", {});
  test.erase(client::replicasets, "d/rs");
  CHECK(test.sync("pod").operations.empty());
  CHECK(test.sync("free").operations.empty());
  CHECK(test.sync("unknown").operations.empty());
}

TEST_CASE("two that wait for each other in the foreground are untied") {
  collector test;
  test.object(client::replicasets, "a", {owner("b")}, {"foregroundDeletion"}, true);
  test.object(client::replicasets, "b", {owner("a")});
  const auto plan = test.sync("b");
  CHECK(of_verb(plan, operation::verb::patch).size() == 1);
  CHECK(of_verb(plan, operation::verb::remove).at(0).options.propagation == "Foreground");
}
