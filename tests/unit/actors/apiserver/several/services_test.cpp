// Cluster IPs and node ports when two apiservers give them away at the same time.
#include "tests/unit/actors/apiserver/several/fixture.hpp"

#include <catch2/catch.hpp>

#include <set>

using namespace apiserver_samples;

namespace {

draft service(std::string_view name, std::string_view extra = "") {
  return json(std::string{R"({"apiVersion":"v1","kind":"Service","metadata":{"namespace":"default","name":")"} + std::string{name} +
              R"("},"spec":{"type":"NodePort","ports":[{"port":80,"protocol":"TCP"}])" + std::string{extra} + "}}");
}

/// A range that is soon used up, so that the two choose the same numbers.
struct narrow : cluster {
  narrow() : cluster(std::vector<std::string>{}) {
    for (const std::string host : {"a", "b"}) {
      servers[host].directory = runtime::directory::spawn(sys, host, {});
      for (const auto& [name, shard] : shards)
        join(host, name);
      start_server(host);
    }
    settle();
  }
  runtime::host::role_context context(const std::string& host) override {
    auto result = cluster::context(host);
    result.cluster.service_cidr = "10.96.0.0/27";
    result.cluster.node_port_first = 30000;
    result.cluster.node_port_last = 30040;
    return result;
  }
  std::multiset<std::string> held() {
    std::multiset<std::string> result;
    for (const auto& record : engines.at("main")->range("/services/", "", 1000).records) {
      auto bytes = std::make_shared<const std::string>(record.value);
      const auto size = bytes->size();
      const auto object = runtime::transport::attachment_from_wire(std::move(bytes), 0, size, false);
      const auto what = messages::codec::unpack(*object->type, object->object);
      result.insert("/serviceips/" + std::string{what.get("spec").get("clusterIP").str()});
      for (const auto& port : what.get("spec").get("ports").items())
        if (const auto number = port.get("nodePort").integer())
          result.insert("/servicenodeports/" + std::to_string(number));
    }
    return result;
  }
  std::multiset<std::string> reserved() {
    std::multiset<std::string> result;
    for (const auto* prefix : {"/serviceips/", "/servicenodeports/"})
      for (const auto& record : engines.at("main")->range(prefix, "", 1000).records)
        result.insert(record.key);
    return result;
  }
};

} // namespace

TEST_CASE("two apiservers that allocate at once give no number away twice, and what is reserved is what is held") {
  narrow c;
  std::vector<decltype(c.post("a", c.request(protocol::Verb::create, services, "", service("x"))))> pending;
  for (int i = 0; i < 36; ++i) {
    const auto name = "s" + std::to_string(i);
    pending.push_back(c.post(i % 2 ? "a" : "b", c.request(protocol::Verb::create, services, name, service(name))));
  }
  c.settle();
  int made = 0;
  for (auto& item : pending) {
    const auto done = c.answer(item);
    made += done.code == 201;
    if (done.code != 201)
      CHECK_THAT(done.message(), Catch::Contains("range is full"));
  }
  CHECK(made == 29); // 30 addresses, one is the kubernetes Service's
  const auto held = c.held();
  CHECK(std::set(held.begin(), held.end()).size() == held.size());
  CHECK(c.reserved() == held);
  // Deleting and changing the type gives back what is not used any more, through either.
  for (int i = 0; i < 36; ++i)
    if (i % 3 == 0)
      c.write(i % 2 ? "b" : "a", protocol::Verb::delete_one, services, "s" + std::to_string(i), {});
  CHECK(c.reserved() == c.held());
  CHECK(c.create("a", services, service("again")).code == 201);
  CHECK(c.reserved() == c.held());
}

TEST_CASE("of two that ask for the same address, the second is told that it is taken") {
  narrow c;
  auto first = c.post("a", c.request(protocol::Verb::create, services, "x", service("x", R"(,"clusterIP":"10.96.0.9","clusterIPs":["10.96.0.9"])")));
  auto second = c.post("b", c.request(protocol::Verb::create, services, "y", service("y", R"(,"clusterIP":"10.96.0.9","clusterIPs":["10.96.0.9"])")));
  c.settle();
  const auto one = c.answer(first);
  const auto two = c.answer(second);
  CHECK(std::set{one.code, two.code} == std::set{201, 422});
  CHECK_THAT((one.code == 422 ? one : two).message(), Catch::Contains("provided IP is already allocated"));
  CHECK(c.reserved() == c.held());
}

TEST_CASE("a record whose Service is gone does not keep its number") {
  narrow c;
  CHECK(c.create("a", services, service("x", R"(,"clusterIP":"10.96.0.9","clusterIPs":["10.96.0.9"])")).code == 201);
  // By hand, past the apiserver.
  c.engines.at("main")->commit(
    std::vector<storage::write>{{storage::change_kind::erase, "/services/default/x", {}, std::nullopt, false}}, 0);
  c.kill_shard("main");
  c.start_shard("main");
  c.settle();
  CHECK(c.reserved().contains("/serviceips/10.96.0.9"));
  CHECK(c.create("b", services, service("y", R"(,"clusterIP":"10.96.0.9","clusterIPs":["10.96.0.9"])")).code == 201);
}

TEST_CASE("two apiservers that start at once on an empty store make the system objects once") {
  narrow c;
  CHECK(c.engines.at("main")->range("/namespaces/", "", 10).records.size() == 4);
  CHECK(c.engines.at("main")->range("/services/", "", 10).records.size() == 1);
  CHECK(c.reserved() == c.held());
}

TEST_CASE("a namespace made through one apiserver is known to the other at once") {
  cluster c;
  c.cut("b", "main"); // it has not heard of it yet
  const auto space = json(R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":"new"}})");
  CHECK(c.create("a", {"", "v1", "namespaces", "Namespace"}, space).code == 201);
  auto object = lease("x");
  object["metadata"].set("namespace", "new");
  auto message = c.request(protocol::Verb::create, leases, "x", object);
  auto content = message.unpack();
  content.target->namespace_name = "new";
  auto pending = c.post("b", protocol::write_request{content, {message.at(0)}});
  c.run();
  c.join("b", "main");
  c.settle();
  CHECK(c.answer(pending).code == 201);
}
