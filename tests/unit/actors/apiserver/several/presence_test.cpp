// The endpoints of default/kubernetes follow the apiservers that live.
#include "tests/unit/actors/apiserver/several/fixture.hpp"

#include <catch2/catch.hpp>

#include "actors/apiserver/presence/presence.hpp"

using namespace apiserver_samples;
namespace presence = actors::apiserver::presence;

namespace {

struct reachable : cluster {
  std::map<std::string, std::string> address{{"a", "10.0.0.1:6443"}, {"b", "10.0.0.2:6443"}};
  reachable() : cluster(std::vector<std::string>{}) {
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
    result.settings.set("address", address.at(host));
    return result;
  }
  void pass(std::chrono::seconds time) {
    for (auto left = time / 250ms; left > 0; --left)
      advance(250ms);
  }
  std::string stored(const std::string& key, std::string_view list) {
    const auto record = engines.at("main")->get(key, 0);
    if (!record)
      return "none";
    auto bytes = std::make_shared<const std::string>(record->value);
    const auto size = bytes->size();
    const auto object = runtime::transport::attachment_from_wire(std::move(bytes), 0, size, false);
    return messages::codec::to_json(messages::codec::unpack(*object->type, object->object).get(list));
  }
  std::string endpoints() { return stored("/endpoints/default/kubernetes", "subsets"); }
};

} // namespace

TEST_CASE("an apiserver is found under its address, or under the first advertised one, and not on loopback") {
  using list = std::vector<std::string>;
  CHECK(presence::location_of("10.0.0.1:6443", list{"10.9.9.9"}) == presence::location{6443, "10.0.0.1"});
  CHECK(presence::location_of("0.0.0.0:6443", list{"lb.example.org", "10.9.9.9"}) == presence::location{6443, "10.9.9.9"});
  CHECK_FALSE(presence::location_of("0.0.0.0:6443", {}));
  CHECK_FALSE(presence::location_of("127.0.0.1:6443", list{"10.9.9.9"}));
  CHECK_FALSE(presence::location_of("[::1]:6443", {}));
  CHECK_FALSE(presence::location_of("", {}));
}

TEST_CASE("the kubernetes Service's endpoints are the apiservers that renew their leases") {
  reachable c;
  c.pass(11s);
  CHECK(c.endpoints() == R"([{"addresses":[{"ip":"10.0.0.1"},{"ip":"10.0.0.2"}],"ports":[{"name":"https","port":6443,"protocol":"TCP"}]}])");
  CHECK_THAT(c.stored("/endpointslices/default/kubernetes", "endpoints"), Catch::Contains("10.0.0.1") && Catch::Contains("10.0.0.2"));
  const auto quiet = c.engines.at("main")->current();
  c.pass(10s);
  CHECK(c.engines.at("main")->current() == quiet); // nothing to write when nothing changes

  c.kill(caf::actor_cast<caf::actor_addr>(c.servers.at("a").actor));
  c.pass(21s);
  CHECK(c.endpoints() == R"([{"addresses":[{"ip":"10.0.0.2"}],"ports":[{"name":"https","port":6443,"protocol":"TCP"}]}])");

  c.address["a"] = "10.0.0.1:7443"; // comes back on another port
  c.start_server("a");
  c.pass(11s);
  CHECK_THAT(c.endpoints(), Catch::Contains("10.0.0.2") && Catch::Contains("10.0.0.1") && Catch::Contains("7443"));
  CHECK_THAT(c.stored("/endpointslices/default/kubernetes-7443", "endpoints"), Catch::Contains("10.0.0.1"));
  c.kill(caf::actor_cast<caf::actor_addr>(c.servers.at("a").actor));
  c.pass(21s);
  CHECK(c.stored("/endpointslices/default/kubernetes-7443", "endpoints") == "none");
}

TEST_CASE("an apiserver that ends in order takes its address away at once, but for the last one") {
  reachable c;
  c.pass(11s);
  const auto lease_of = [&](const char* host) { return c.engines.at("leases")->get(std::string{"/leases/kube-system/apiserver-"} + host, 0); };
  REQUIRE(lease_of("a"));
  caf::anon_send_exit(caf::actor_cast<caf::actor>(c.servers.at("a").actor), caf::exit_reason::user_shutdown);
  c.settle();
  const std::string b_only = R"([{"addresses":[{"ip":"10.0.0.2"}],"ports":[{"name":"https","port":6443,"protocol":"TCP"}]}])";
  CHECK(c.endpoints() == b_only);
  CHECK_FALSE(lease_of("a"));
  c.pass(6s);
  CHECK(c.endpoints() == b_only);
  caf::anon_send_exit(caf::actor_cast<caf::actor>(c.servers.at("b").actor), caf::exit_reason::user_shutdown);
  c.settle();
  CHECK(c.endpoints() == b_only);
}
