// EndpointSlices: endpoints of pods, placing them in slices, the plan of the controller.
#include "actors/controllers/endpointslice/endpointslice_controller.hpp"
#include "tests/unit/actors/controllers/fixture.hpp"

namespace client = actors::client;
namespace endpointslice = actors::controllers::endpointslice;
using endpointslice::decide_slices;
using endpointslice::endpoint_group;
using endpointslice::present_slice;
using samples::draft;
using samples::json;
using samples::of_verb;
using samples::operation;

namespace {

draft endpoint(int number) {
  return draft::make_object({{"addresses", draft::make_array({"10.0.0." + std::to_string(number)})},
                             {"targetRef", draft::make_object({{"uid", "uid-" + std::to_string(number)}})}});
}

std::vector<draft> endpoints(int from, int to) {
  std::vector<draft> result;
  for (int i = from; i < to; ++i)
    result.push_back(endpoint(i));
  return result;
}

const draft http = json(R"([{"name":"","protocol":"TCP","port":80}])");
const draft other = json(R"([{"name":"","protocol":"TCP","port":81}])");

struct service_fixture : samples::fixture<endpointslice::endpointslice_controller> {
  service_fixture() {
    put(client::nodes, R"({"metadata":{"name":"n1","labels":{"topology.kubernetes.io/zone":"z1"}}})");
    put(client::services, R"({"metadata":{"namespace":"d","name":"web","uid":"svc-uid","labels":{"team":"a"}},
      "spec":{"clusterIP":"10.96.0.1","selector":{"app":"web"},"ports":[{"port":80,"protocol":"TCP","targetPort":"http"}]}})");
  }
  static draft pod(const std::string& name, const std::string& ip, bool ready, int port = 8080) {
    draft result = json(R"({"metadata":{"namespace":"d","labels":{"app":"web"}},
      "spec":{"nodeName":"n1","containers":[{"name":"c","ports":[{"name":"http","containerPort":8080}]}]},
      "status":{"phase":"Running","podIPs":[{"ip":"fd00::1"}],"conditions":[{"type":"Ready","status":"False"}]}})");
    result["metadata"].set("name", name);
    result["metadata"].set("uid", name + "-uid");
    result["spec"]["containers"].items()[0]["ports"].items()[0].set("containerPort", port);
    result["status"].set("podIP", ip);
    if (!ip.empty())
      result["status"]["podIPs"].push_back(draft::make_object({{"ip", ip}}));
    result["status"]["conditions"].items()[0].set("status", ready ? "True" : "False");
    return result;
  }
  /// Carries out the creations and updates of `plan`.
  void carry_out(const samples::sync_plan& plan) {
    for (auto write : plan.operations) {
      if (write.what == operation::verb::remove) {
        erase(client::endpointslices, write.name_space + "/" + write.name);
        continue;
      }
      if (write.what == operation::verb::create)
        write.object["metadata"].set("name", "web-" + std::to_string(++names));
      write.object["metadata"].erase("resourceVersion");
      put(client::endpointslices, write.object);
    }
  }
  int names = 0;
};

} // namespace

TEST_CASE("slices hold at most the maximum, and a new group fills them one after the other") {
  const auto decision = decide_slices({{http, endpoints(0, 250)}}, {});
  REQUIRE(decision.create.size() == 3);
  CHECK(decision.create[0].endpoints.size() == 100);
  CHECK(decision.create[2].endpoints.size() == 50);
  CHECK(decision.update.empty());
}

TEST_CASE("nothing is written when the slices hold what is wanted, in whatever order") {
  auto reversed = endpoints(0, 5);
  std::reverse(reversed.begin(), reversed.end());
  const auto decision = decide_slices({{http, endpoints(0, 5)}}, {{.id = 7, .ports = http, .endpoints = reversed}});
  CHECK(decision.create.empty());
  CHECK(decision.update.empty());
  CHECK(decision.remove.empty());
}

TEST_CASE("a change of one endpoint writes only its slice") {
  auto wanted = endpoints(0, 150);
  wanted[120].set("nodeName", "moved");
  const auto decision = decide_slices({{http, wanted}}, {{.id = 1, .ports = http, .endpoints = endpoints(0, 100)},
                                                         {.id = 2, .ports = http, .endpoints = endpoints(100, 150)}});
  REQUIRE(decision.update.size() == 1);
  CHECK(decision.update[0].first == 2);
  CHECK(decision.update[0].second.endpoints.size() == 50);
  CHECK(decision.create.empty());
}

TEST_CASE("a new endpoint goes to a slice that is written anyway, else to the fullest with room") {
  SECTION("one is written anyway") {
    auto wanted = endpoints(0, 11);
    wanted.erase(wanted.begin()); // 0 is gone, 10 is new
    const auto decision = decide_slices({{http, wanted}}, {{.id = 1, .ports = http, .endpoints = endpoints(0, 2)},
                                                           {.id = 2, .ports = http, .endpoints = endpoints(2, 10)}});
    REQUIRE(decision.update.size() == 1);
    CHECK(decision.update[0].first == 1);
    CHECK(decision.update[0].second.endpoints.size() == 2);
  }
  SECTION("none is written anyway") {
    const auto decision = decide_slices({{http, endpoints(0, 11)}}, {{.id = 1, .ports = http, .endpoints = endpoints(0, 2)},
                                                                     {.id = 2, .ports = http, .endpoints = endpoints(2, 10)}});
    REQUIRE(decision.update.size() == 1);
    CHECK(decision.update[0].first == 2);
    CHECK(decision.update[0].second.endpoints.size() == 9);
  }
}

TEST_CASE("a slice that lost all endpoints is deleted, and taken for new ports instead") {
  SECTION("deleted") {
    const auto decision = decide_slices({{http, endpoints(0, 2)}}, {{.id = 1, .ports = http, .endpoints = endpoints(0, 2)},
                                                                    {.id = 2, .ports = http, .endpoints = endpoints(5, 6)}});
    CHECK(decision.update.empty());
    CHECK(decision.remove == std::vector<size_t>{2});
  }
  SECTION("taken over") {
    const auto decision = decide_slices({{other, endpoints(0, 2)}}, {{.id = 1, .ports = http, .endpoints = endpoints(0, 2)}});
    CHECK(decision.create.empty());
    CHECK(decision.remove.empty());
    REQUIRE(decision.update.size() == 1);
    CHECK(decision.update[0].second.ports == other);
  }
}

TEST_CASE("a service without endpoints keeps one empty slice") {
  CHECK(decide_slices({}, {}).create.size() == 1);
  const auto emptied = decide_slices({}, {{.id = 1, .ports = http, .endpoints = endpoints(0, 2)}});
  REQUIRE(emptied.update.size() == 1);
  CHECK(emptied.update[0].second.endpoints.empty());
  const auto kept = decide_slices({}, {{.id = 1, .ports = draft::make_array()}});
  CHECK(kept.create.empty());
  CHECK(kept.update.empty());
  CHECK(kept.remove.empty());
}

TEST_CASE("a slice with other labels is written again") {
  const auto decision = decide_slices({{http, endpoints(0, 2)}},
                                      {{.id = 3, .ports = http, .endpoints = endpoints(0, 2), .meta_differs = true}});
  REQUIRE(decision.update.size() == 1);
  CHECK(decision.update[0].first == 3);
}

TEST_CASE("a service's pods become a slice with labels, owner and resolved ports") {
  service_fixture test;
  test.put(client::pods, service_fixture::pod("a", "10.0.0.1", true));
  test.put(client::pods, service_fixture::pod("b", "10.0.0.2", false));
  test.put(client::pods, service_fixture::pod("without-address", "", false));
  CHECK(test.take_queued() == std::set<std::string>{"d/web"});
  const auto plan = test.sync("d/web");
  REQUIRE(plan.operations.size() == 1);
  const auto& slice = plan.operations[0].object;
  CHECK(slice.at({"metadata", "generateName"}).str() == "web-");
  CHECK(slice.at({"metadata", "labels"}) ==
        json(R"({"team":"a","kubernetes.io/service-name":"web","endpointslice.kubernetes.io/managed-by":"endpointslice-controller.k8s.io"})"));
  CHECK(slice.at({"metadata", "ownerReferences"}).items()[0].get("uid").str() == "svc-uid");
  CHECK(slice.get("addressType").str() == "IPv4");
  CHECK(slice.get("ports") == json(R"([{"name":"","protocol":"TCP","port":8080}])"));
  const auto& found = slice.get("endpoints").items();
  REQUIRE(found.size() == 2);
  CHECK(found[0] == json(R"({"addresses":["10.0.0.1"],"conditions":{"ready":true,"serving":true,"terminating":false},
    "targetRef":{"kind":"Pod","namespace":"d","name":"a","uid":"a-uid"},"nodeName":"n1","zone":"z1"})"));
  CHECK(found[1].at({"conditions", "ready"}) == draft(false));
}

TEST_CASE("looking again writes nothing; a changed pod writes its slice") {
  service_fixture test;
  test.put(client::pods, service_fixture::pod("a", "10.0.0.1", true));
  test.put(client::pods, service_fixture::pod("b", "10.0.0.2", true));
  test.carry_out(test.sync("d/web"));
  CHECK(test.sync("d/web").operations.empty());
  test.take_queued();

  SECTION("a change that no endpoint shows queues nothing") {
    auto pod = service_fixture::pod("a", "10.0.0.1", true);
    pod["metadata"]["annotations"].set("x", "y");
    test.put(client::pods, pod);
    CHECK(test.take_queued().empty());
  }
  SECTION("a pod that is being deleted goes on serving, but is not ready") {
    auto pod = service_fixture::pod("a", "10.0.0.1", true);
    pod["metadata"].set("deletionTimestamp", "2026-01-01T00:00:00Z");
    test.put(client::pods, pod);
    CHECK(test.take_queued() == std::set<std::string>{"d/web"});
    const auto updates = of_verb(test.sync("d/web"), operation::verb::update);
    REQUIRE(updates.size() == 1);
    CHECK(updates[0].object.get("endpoints").items()[0].get("conditions") ==
          json(R"({"ready":false,"serving":true,"terminating":true})"));
    CHECK(!updates[0].object.at({"metadata", "resourceVersion"}).str().empty());
  }
  SECTION("a pod that is gone leaves its slice") {
    test.erase(client::pods, "d/a");
    const auto updates = of_verb(test.sync("d/web"), operation::verb::update);
    REQUIRE(updates.size() == 1);
    CHECK(updates[0].object.get("endpoints").size() == 1);
  }
  SECTION("a pod with another port of that name gets a slice of its own") {
    test.put(client::pods, service_fixture::pod("c", "10.0.0.3", true, 9090));
    const auto plan = test.sync("d/web");
    REQUIRE(plan.operations.size() == 1);
    CHECK(plan.operations[0].what == operation::verb::create);
    CHECK(plan.operations[0].object.get("ports").items()[0].get("port").integer() == 9090);
  }
  SECTION("without pods one empty slice stays, and then nothing is written") {
    test.erase(client::pods, "d/a");
    test.erase(client::pods, "d/b");
    test.carry_out(test.sync("d/web"));
    CHECK(test.cache(client::endpointslices).size() == 1);
    CHECK(test.sync("d/web").operations.empty());
  }
  SECTION("slices of an earlier service of that name are deleted") {
    test.put(client::services, R"({"metadata":{"namespace":"d","name":"web","uid":"svc-2"},"spec":{"selector":{"app":"web"}}})");
    const auto plan = test.sync("d/web");
    CHECK(of_verb(plan, operation::verb::remove).size() == 1);
    CHECK(of_verb(plan, operation::verb::create).size() == 1);
  }
}

TEST_CASE("services that others keep are left alone") {
  service_fixture test;
  test.put(client::services, R"({"metadata":{"namespace":"d","name":"web","uid":"u"},"spec":{"ports":[{"port":80}]}})");
  CHECK(test.sync("d/web").operations.empty());
  test.put(client::services, R"({"metadata":{"namespace":"d","name":"web","uid":"u"},"spec":{"type":"ExternalName","externalName":"x","selector":{"app":"web"}}})");
  CHECK(test.sync("d/web").operations.empty());
}

TEST_CASE("publishNotReadyAddresses makes every endpoint ready; a headless service's pods have host names") {
  service_fixture test;
  test.put(client::services, R"({"metadata":{"namespace":"d","name":"web","uid":"u"},
    "spec":{"clusterIP":"None","publishNotReadyAddresses":true,"selector":{"app":"web"}}})");
  auto pod = service_fixture::pod("a", "10.0.0.1", false);
  pod["spec"].set("hostname", "zero");
  pod["spec"].set("subdomain", "web");
  test.put(client::pods, pod);
  const auto plan = test.sync("d/web");
  REQUIRE(plan.operations.size() == 1);
  const auto& slice = plan.operations[0].object;
  CHECK(slice.get("ports").empty());
  CHECK(slice.at({"metadata", "labels"}).contains("service.kubernetes.io/headless"));
  CHECK(slice.get("endpoints").items()[0].at({"conditions", "ready"}) == draft(true));
  CHECK(slice.get("endpoints").items()[0].get("hostname").str() == "zero");
}

TEST_CASE("a pod on an unknown node waits for the node") {
  service_fixture test;
  auto pod = service_fixture::pod("a", "10.0.0.1", true);
  pod["spec"].set("nodeName", "n2");
  test.put(client::pods, pod);
  CHECK(test.sync("d/web").operations[0].object.get("endpoints").empty());
  test.take_queued();
  test.put(client::nodes, R"({"metadata":{"name":"n2"}})");
  CHECK(test.take_queued() == std::set<std::string>{"d/web"});
  CHECK(test.sync("d/web").operations[0].object.get("endpoints").size() == 1);
}
