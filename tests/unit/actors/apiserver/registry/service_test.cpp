// Services: addresses and ports, and what a change of type keeps. Also scale and the two forms of events.
#include "samples.hpp"

#include "actors/apiserver/registry/core/service/allocation.hpp"
#include "actors/apiserver/registry/events/event/event.hpp"
#include "messages/codec/codec.hpp"

using namespace samples;
namespace registry = actors::apiserver::registry;
namespace service = registry::core::service;

namespace {

const registry::change_context context{"tester", now_seconds};
const auto space = *service::address_space::parse("10.96.0.0/24", "30000-30003");

struct allocation {
  draft object;
  std::vector<std::string> errors;
};

allocation allocate(draft object, const service::allocated& taken, const draft* old = nullptr,
                    uint64_t random = 0) {
  registry::field_errors errors;
  service::allocate(object, old, space, taken, random, errors);
  allocation out{std::move(object), {}};
  for (auto& error : errors)
    out.errors.push_back(error.text());
  return out;
}

draft service_with(std::string_view patch) {
  auto& k = kind_of("Service");
  auto object = with(k, sample("Service"), patch);
  k.prepare_create(context, object);
  return object;
}

std::string ip_of(const draft& object) { return std::string(object.get("spec").get("clusterIP").str()); }
int64_t node_port(const draft& object, size_t i) {
  return object.get("spec").get("ports").items()[i].get("nodePort").integer();
}

} // namespace

TEST_CASE("address ranges of the placement") {
  auto all = service::address_space::parse("10.96.0.0/16", "30000-32767");
  REQUIRE(all);
  CHECK(all->first_address == 0x0a600001);
  CHECK(all->last_address == 0x0a60fffe);
  CHECK(all->last_port == 32767);
  for (auto bad : {"10.96.0.0", "x/16", "10.96.0.0/31", "fd00::/64"})
    CHECK_FALSE(service::address_space::parse(bad, "30000-32767"));
  for (auto bad : {"30000", "9-8", "0-9", "1-70000"})
    CHECK_FALSE(service::address_space::parse("10.96.0.0/16", bad));
}

TEST_CASE("a service gets an address, above the part that is left to those who choose") {
  service::allocated taken;
  auto first = allocate(service_with("{}"), taken);
  CHECK(first.errors.empty());
  CHECK(ip_of(first.object) == "10.96.0.17");
  CHECK(first.object.get("spec").get("clusterIPs") == draft::make_array({"10.96.0.17"}));
  taken.add(first.object);
  CHECK(ip_of(allocate(service_with("{}"), taken).object) == "10.96.0.18");
  taken.remove(first.object);
  CHECK(ip_of(allocate(service_with("{}"), taken).object) == "10.96.0.17");
  CHECK(taken.address_count() == 0);
  CHECK(ip_of(allocate(service_with(R"({"spec":{"clusterIP":"None"}})"), taken).object) == "None");
  CHECK(ip_of(allocate(service_with(R"({"spec":{"type":"ExternalName"}})"), taken).object).empty());
}

TEST_CASE("addresses that are asked for") {
  service::allocated taken;
  auto mine = service_with(R"({"spec":{"clusterIP":"10.96.0.10"}})");
  CHECK(allocate(mine, taken).errors.empty());
  taken.add(mine);
  CHECK(allocate(mine, taken).errors ==
        std::vector<std::string>{"spec.clusterIPs: Invalid value: [\"10.96.0.10\"]: failed to allocate IP "
                                 "10.96.0.10: provided IP is already "
                                 "allocated"});
  CHECK(allocate(mine, taken, &mine).errors.empty());
  CHECK(allocate(service_with(R"({"spec":{"clusterIP":"10.0.0.1"}})"), taken).errors ==
        std::vector<std::string>{"spec.clusterIPs: Invalid value: [\"10.0.0.1\"]: failed to allocate IP "
                                 "10.0.0.1: the provided IP (10.0.0.1) is "
                                 "not in the valid range. The range of valid IPs is 10.96.0.0/24"});
}

TEST_CASE("every address is used before the range is full") {
  service::allocated taken;
  for (int i = 0; i < 254; ++i) {
    auto next = allocate(service_with("{}"), taken, nullptr, 7);
    REQUIRE(next.errors.empty());
    taken.add(next.object);
  }
  CHECK(taken.address_count() == 254);
  CHECK(allocate(service_with("{}"), taken).errors ==
        std::vector<std::string>{
          "spec.clusterIPs: Internal error: failed to allocate a serviceIP: range is full"});
}

TEST_CASE("node ports") {
  service::allocated taken;
  auto dns =
    allocate(service_with(R"({"spec":{"type":"NodePort","ports":[{"name":"a","port":53,"protocol":"UDP"},
                                       {"name":"b","port":53},{"name":"c","port":80}]}})"),
             taken);
  CHECK(dns.errors.empty());
  CHECK(node_port(dns.object, 0) == node_port(dns.object, 1));
  CHECK(node_port(dns.object, 0) != node_port(dns.object, 2));
  taken.add(dns.object);
  CHECK(taken.port_count() == 2);
  auto wanted = service_with(R"({"spec":{"type":"NodePort","ports":[{"port":80,"nodePort":30000}]}})");
  CHECK(allocate(wanted, taken).errors ==
        std::vector<std::string>{
          "spec.ports[0].nodePort: Invalid value: 30000: provided port is already allocated"});
  CHECK(allocate(service_with(R"({"spec":{"type":"NodePort","ports":[{"port":80,"nodePort":1}]}})"), taken)
          .errors ==
        std::vector<std::string>{
          "spec.ports[0].nodePort: Invalid value: 1: provided port is not in the valid range. The range "
          "of valid ports is 30000-30003"});
  CHECK(node_port(allocate(service_with("{}"), taken).object, 0) == 0);
}

TEST_CASE("an update keeps what was allocated, and a change of type drops what only the old one had") {
  auto& k = kind_of("Service");
  service::allocated taken;
  auto old = canonical(k, allocate(service_with(R"({"spec":{"type":"NodePort"}})"), taken).object);
  auto replaced = with(k, json(R"({"metadata":{"name":"x","namespace":"default","uid":"u"}})"),
                       R"({"spec":{"type":"NodePort","ports":[{"port":80}],"selector":{"app":"new"}}})");
  k.prepare_update(context, replaced, old);
  CHECK(ip_of(replaced) == ip_of(old));
  CHECK(node_port(replaced, 0) == node_port(old, 0));
  CHECK(replaced.get("spec").get("ipFamilies") == draft::make_array({"IPv4"}));
  CHECK(update_mistakes(k, canonical(k, replaced), old).empty());

  auto internal = with(k, old, R"({"spec":{"type":"ClusterIP"}})");
  k.prepare_update(context, internal, old);
  CHECK(node_port(internal, 0) == 0);
  CHECK_FALSE(internal.get("spec").contains("externalTrafficPolicy"));
  CHECK(update_mistakes(k, canonical(k, internal), old).empty());

  auto external = with(k, old, R"({"spec":{"type":"ExternalName","externalName":"a.b"}})");
  k.prepare_update(context, external, old);
  CHECK(ip_of(external).empty());
  CHECK_FALSE(external.get("spec").contains("ipFamilies"));
}

TEST_CASE("families of a service") {
  auto families = [](std::string_view patch) {
    auto spec = service_with(patch).get("spec");
    return std::string(spec.get("ipFamilyPolicy").str()) + " " +
           messages::codec::to_json(spec.get("ipFamilies"));
  };
  CHECK(families("{}") == "SingleStack [\"IPv4\"]");
  CHECK(families(R"({"spec":{"clusterIP":"None"}})") == "SingleStack [\"IPv4\"]");
  CHECK(
    families(
      R"({"spec":{"clusterIP":"None","clusterIPs":null,"selector":null,"ipFamilies":null,"ipFamilyPolicy":null}})") ==
    "RequireDualStack [\"IPv4\",\"IPv6\"]");
}

TEST_CASE("scale reads and writes the replicas") {
  auto& k = kind_of("Deployment");
  auto object = with(k, sample("Deployment"), R"({"spec":{"replicas":3},"status":{"replicas":2}})");
  auto scale = k.scale_of(object);
  CHECK(scale.get("spec").get("replicas").integer() == 3);
  CHECK(scale.get("status").get("replicas").integer() == 2);
  CHECK(scale.get("status").get("selector").str() == "app=web");
  CHECK(scale.get("metadata").get("uid").str() == "u");
  registry::field_errors errors;
  k.apply_scale(json(R"({"spec":{"replicas":5}})"), object, errors);
  CHECK(object.get("spec").get("replicas").integer() == 5);
  CHECK(errors.empty());
  k.apply_scale(json(R"({"spec":{"replicas":-1}})"), object, errors);
  CHECK(errors.front().text() == "spec.replicas: Invalid value: -1: must be greater than or equal to 0");
}

TEST_CASE("the two forms of an event hold the same") {
  auto event = sample("events.k8s.io/Event");
  auto stored = event;
  registry::events::event::to_stored(stored);
  CHECK(stored.get("apiVersion").str() == "v1");
  CHECK(stored.get("message").str() == "started");
  CHECK(stored.get("involvedObject").get("kind").str() == "Pod");
  CHECK(stored.get("reportingComponent").str() == "a.b/c");
  CHECK_FALSE(stored.contains("note"));
  auto core = canonical(kind_of("Event"), stored);
  registry::events::event::from_stored(core);
  CHECK(canonical(kind_of("events.k8s.io/Event"), core) == event);
}

TEST_CASE("an event of the newer form changes only its series") {
  auto& k = kind_of("events.k8s.io/Event");
  auto old = sample("events.k8s.io/Event");
  CHECK(update_mistakes(
          k, with(k, old, R"({"series":{"count":2,"lastObservedTime":"2027-01-15T07:50:00.000000Z"}})"), old)
          .empty());
  CHECK(update_mistakes(k, with(k, old, R"({"note":"other"})"), old) ==
        std::vector<std::string>{"message: Invalid value: \"other\": field is immutable"});
}
