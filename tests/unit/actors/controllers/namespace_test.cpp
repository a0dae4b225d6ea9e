// Emptying namespaces.
#include "actors/controllers/namespace/namespace_controller.hpp"
#include "runtime/seams/clock.hpp"
#include "tests/unit/actors/controllers/fixture.hpp"

namespace client = actors::client;
namespace namespaces = actors::controllers::namespaces;
using samples::draft;
using samples::json;
using samples::of_verb;
using samples::operation;

namespace {

struct namespace_fixture : samples::fixture<namespaces::namespace_controller> {
  namespace_fixture() : fixture(std::make_shared<runtime::seams::manual_clock>()) {
    put(client::namespaces, R"({"metadata":{"name":"d","uid":"ns","deletionTimestamp":"2026-01-01T00:00:00Z"},
      "spec":{"finalizers":["kubernetes"]},"status":{"phase":"Terminating"}})");
  }
  /// Answers every operation of `plan`, in order.
  static void answer(const samples::sync_plan& plan, int code = 200) {
    client::api_result result;
    result.code = code;
    for (const auto& write : plan.operations)
      if (write.on_result)
        write.on_result(result);
  }
};

} // namespace

TEST_CASE("a namespace that is not being deleted is left alone") {
  namespace_fixture test;
  test.put(client::namespaces, R"({"metadata":{"name":"live"},"spec":{"finalizers":["kubernetes"]},"status":{"phase":"Active"}})");
  test.put(client::pods, R"({"metadata":{"namespace":"live","name":"p"}})");
  CHECK(test.take_queued() == std::set<std::string>{"d"});
  CHECK(test.sync("live").operations.empty());
}

TEST_CASE("pods go first, with their grace period, and the rest when they are gone") {
  namespace_fixture test;
  test.put(client::pods, R"({"metadata":{"namespace":"d","name":"a","uid":"a"}})");
  test.put(client::pods, R"({"metadata":{"namespace":"d","name":"b","uid":"b","deletionTimestamp":"2026-01-01T00:00:00Z"}})");
  test.put(client::pods, R"({"metadata":{"namespace":"dd","name":"other","uid":"c"}})");
  test.put(client::configmaps, R"({"metadata":{"namespace":"d","name":"c","uid":"m"}})");
  auto plan = test.sync("d");
  auto removals = of_verb(plan, operation::verb::remove);
  REQUIRE(removals.size() == 1);
  CHECK(removals[0].name == "a");
  CHECK(removals[0].options.uid == "a");
  CHECK(removals[0].options.grace_seconds == -1);
  CHECK(removals[0].options.propagation == "Background");
  const auto status = of_verb(plan, operation::verb::update_status);
  REQUIRE(status.size() == 1);
  const auto& conditions = status[0].object.at({"status", "conditions"}).items();
  REQUIRE(conditions.size() == 5);
  CHECK(conditions[3].get("type").str() == "NamespaceContentRemaining");
  CHECK(conditions[3].get("status").str() == "True");
  CHECK(conditions[3].get("message").str() == "Some resources are remaining: pods. has 2 resource instances");

  test.take_queued();
  test.erase(client::pods, "d/a");
  test.erase(client::pods, "d/b");
  CHECK(test.take_queued() == std::set<std::string>{"d"});
  removals = of_verb(test.sync("d"), operation::verb::remove);
  REQUIRE(removals.size() == 1);
  CHECK(removals[0].resource == &client::configmaps);
}

TEST_CASE("the status is written only when it changes") {
  namespace_fixture test;
  test.put(client::pods, R"({"metadata":{"namespace":"d","name":"b","uid":"b","deletionTimestamp":"2026-01-01T00:00:00Z","finalizers":["x/y"]}})");
  auto object = test.sync("d").operations.at(0).object;
  CHECK(object.at({"status", "conditions"}).items()[4].get("message").str() ==
        "Some content in the namespace has finalizers remaining: x/y in 1 resource instances");
  object["metadata"].erase("resourceVersion");
  test.put(client::namespaces, object);
  CHECK(test.sync("d").operations.empty());
}

TEST_CASE("the finalizer is removed only after the store was swept once for every kind") {
  namespace_fixture test;
  const auto sweep = test.sync("d");
  CHECK(of_verb(sweep, operation::verb::remove_collection).size() == std::size(client::namespaced_resources));
  test.take_queued();
  SECTION("a failed sweep is repeated") {
    namespace_fixture::answer(sweep, 503);
    CHECK(test.take_queued().empty());
    CHECK(of_verb(test.sync("d"), operation::verb::remove_collection).size() == std::size(client::namespaced_resources));
  }
  SECTION("what the sweep brought to light is waited for") {
    namespace_fixture::answer(sweep);
    test.put(client::pods, R"({"metadata":{"namespace":"d","name":"late","uid":"l"}})");
    CHECK(of_verb(test.sync("d"), operation::verb::remove).size() == 1);
    test.erase(client::pods, "d/late");
    CHECK(of_verb(test.sync("d"), operation::verb::update_finalize).empty());
  }
  SECTION("nothing was left") {
    namespace_fixture::answer(sweep);
    CHECK(test.take_queued() == std::set<std::string>{"d"});
    const auto plan = test.sync("d");
    REQUIRE(plan.operations.size() == 1);
    CHECK(plan.operations[0].what == operation::verb::update_finalize);
    CHECK(plan.operations[0].object.at({"spec", "finalizers"}).empty());
    CHECK(!plan.operations[0].object.at({"metadata", "resourceVersion"}).str().empty());
  }
}

TEST_CASE("one look at a large namespace deletes a bounded number of objects") {
  namespace_fixture test;
  for (size_t i = 0; i < namespaces::namespace_controller::removals_max + 10; ++i)
    test.put(client::configmaps, json(R"({"metadata":{"namespace":"d","name":"c)" + std::to_string(i) + R"(","uid":"u"}})"));
  CHECK(of_verb(test.sync("d"), operation::verb::remove).size() == namespaces::namespace_controller::removals_max);
}
