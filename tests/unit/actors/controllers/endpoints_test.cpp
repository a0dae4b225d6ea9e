// Endpoints objects and service accounts.
#include "actors/controllers/endpoints/build_subsets.hpp"
#include "actors/controllers/endpoints/endpoints_controller.hpp"
#include "actors/controllers/serviceaccount/serviceaccount_controller.hpp"
#include "tests/unit/actors/controllers/fixture.hpp"

namespace client = actors::client;
using samples::draft;
using samples::json;
using samples::operation;

namespace {

struct endpoints_fixture : samples::fixture<actors::controllers::endpoints::endpoints_controller> {
  endpoints_fixture() {
    put(client::services, R"({"metadata":{"namespace":"d","name":"web","uid":"svc-uid","labels":{"team":"a"}},
      "spec":{"selector":{"app":"web"},"ports":[{"port":80,"protocol":"TCP","targetPort":8080}]}})");
  }
  static draft pod(const std::string& name, const std::string& ip, bool ready) {
    draft result = json(R"({"metadata":{"namespace":"d","labels":{"app":"web"}},"spec":{"nodeName":"n1"},
      "status":{"phase":"Running","conditions":[{"type":"Ready","status":"False"}]}})");
    result["metadata"].set("name", name);
    result["metadata"].set("uid", name + "-uid");
    result["status"].set("podIP", ip);
    result["status"]["conditions"].items()[0].set("status", ready ? "True" : "False");
    return result;
  }
  void carry_out(const samples::sync_plan& plan) {
    for (auto write : plan.operations) {
      write.object["metadata"].set("uid", "e");
      write.object["metadata"].erase("resourceVersion");
      put(client::endpoints, write.object);
    }
  }
};

} // namespace

TEST_CASE("an Endpoints object has ready and not ready addresses of its service's pods") {
  endpoints_fixture test;
  test.put(client::pods, endpoints_fixture::pod("b", "10.0.0.2", true));
  test.put(client::pods, endpoints_fixture::pod("a", "10.0.0.3", true));
  test.put(client::pods, endpoints_fixture::pod("c", "10.0.0.1", false));
  const auto plan = test.sync("d/web");
  REQUIRE(plan.operations.size() == 1);
  CHECK(plan.operations[0].what == operation::verb::create);
  CHECK(plan.operations[0].object == json(R"({"apiVersion":"v1","kind":"Endpoints","metadata":{"name":"web","namespace":"d",
    "labels":{"team":"a","endpoints.kubernetes.io/managed-by":"endpoint-controller"}},"subsets":[{
    "addresses":[{"ip":"10.0.0.2","nodeName":"n1","targetRef":{"kind":"Pod","namespace":"d","name":"b","uid":"b-uid"}},
                 {"ip":"10.0.0.3","nodeName":"n1","targetRef":{"kind":"Pod","namespace":"d","name":"a","uid":"a-uid"}}],
    "notReadyAddresses":[{"ip":"10.0.0.1","nodeName":"n1","targetRef":{"kind":"Pod","namespace":"d","name":"c","uid":"c-uid"}}],
    "ports":[{"port":8080,"protocol":"TCP"}]}]})"));
  test.carry_out(plan);
  CHECK(test.sync("d/web").operations.empty());

  SECTION("a pod that is being deleted leaves at once") {
    auto pod = endpoints_fixture::pod("a", "10.0.0.3", true);
    pod["metadata"].set("deletionTimestamp", "2026-01-01T00:00:00Z");
    test.put(client::pods, pod);
    const auto next = test.sync("d/web");
    REQUIRE(next.operations.size() == 1);
    CHECK(next.operations[0].what == operation::verb::update);
    CHECK(next.operations[0].object.get("subsets").items()[0].get("addresses").size() == 1);
  }
  SECTION("it is deleted with its service") {
    test.take_queued();
    test.erase(client::services, "d/web");
    CHECK(test.take_queued() == std::set<std::string>{"d/web"});
    const auto next = test.sync("d/web");
    REQUIRE(next.operations.size() == 1);
    CHECK(next.operations[0].what == operation::verb::remove);
    CHECK(next.operations[0].options.uid == "e");
  }
}

TEST_CASE("a service without pods has an Endpoints object without subsets, written once") {
  endpoints_fixture test;
  const auto plan = test.sync("d/web");
  REQUIRE(plan.operations.size() == 1);
  test.carry_out(plan);
  CHECK(test.sync("d/web").operations.empty());
}

TEST_CASE("Endpoints kept by hand are not queued, and services without selector are left alone") {
  endpoints_fixture test;
  test.take_queued();
  test.put(client::endpoints, R"({"metadata":{"namespace":"d","name":"db"},"subsets":[{"addresses":[{"ip":"1.2.3.4"}]}]})");
  CHECK(test.take_queued().empty());
  test.put(client::services, R"({"metadata":{"namespace":"d","name":"db","uid":"u"},"spec":{"ports":[{"port":80}]}})");
  CHECK(test.sync("d/db").operations.empty());
}

TEST_CASE("an Endpoints object is cut off at its maximum, ready addresses stay") {
  endpoints_fixture test;
  for (int i = 0; i < 1002; ++i)
    test.put(client::pods, endpoints_fixture::pod("p" + std::to_string(i), "10.0." + std::to_string(i / 250) + "." + std::to_string(i % 250 + 1), i >= 10));
  const auto object = test.sync("d/web").operations.at(0).object;
  CHECK(object.get("subsets").items()[0].get("addresses").size() == 992);
  CHECK(object.get("subsets").items()[0].get("notReadyAddresses").size() == 8);
  CHECK(object.at({"metadata", "annotations", "endpoints.kubernetes.io/over-capacity"}).str() == "truncated");
}

TEST_CASE("every active namespace gets its default service account, again when that is deleted") {
  samples::fixture<actors::controllers::serviceaccount::serviceaccount_controller> test;
  test.put(client::namespaces, R"({"metadata":{"name":"a"},"status":{"phase":"Active"}})");
  test.put(client::namespaces, R"({"metadata":{"name":"going","deletionTimestamp":"2026-01-01T00:00:00Z"},"status":{"phase":"Terminating"}})");
  CHECK(test.take_queued() == std::set<std::string>{"a", "going"});
  CHECK(test.sync("going").operations.empty());
  const auto plan = test.sync("a");
  REQUIRE(plan.operations.size() == 1);
  CHECK(plan.operations[0].object.at({"metadata", "name"}).str() == "default");
  test.put(client::serviceaccounts, plan.operations[0].object);
  CHECK(test.sync("a").operations.empty());
  test.take_queued();
  test.erase(client::serviceaccounts, "a/default");
  CHECK(test.take_queued() == std::set<std::string>{"a"});
  CHECK(test.sync("a").operations.size() == 1);
}
