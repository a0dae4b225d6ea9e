// Troupe's own kinds: what is refused, and what kubectl shows.
#include "samples.hpp"

#include "actors/apiserver/registry/meta/object_meta.hpp"

using namespace samples;
namespace registry = actors::apiserver::registry;

namespace {

using texts = std::vector<std::string>;

texts create_mistakes(std::string_view kind_name, std::string_view patch) {
  auto& k = kind_of(kind_name);
  return mistakes(k, with(k, sample(kind_name), patch));
}

/// Of a status update from the sample with `before` to the same with `after`.
texts status_mistakes(std::string_view kind_name, std::string_view before, std::string_view after) {
  auto& k = kind_of(kind_name);
  auto old = canonical(k, with(k, sample(kind_name), before));
  auto next = canonical(k, with(k, old, after));
  k.prepare_status_update({"tester", now_seconds}, next, old);
  registry::field_errors errors;
  k.validate_status_update(next, old, errors);
  texts out;
  for (auto& error : errors)
    out.push_back(error.text());
  return out;
}

texts row_of(std::string_view kind_name, std::string_view patch) {
  auto& k = kind_of(kind_name);
  auto base = with(k, sample(kind_name), R"({"metadata":{"creationTimestamp":"2027-01-15T07:00:00Z"}})");
  return cells(k, with(k, base, patch));
}

} // namespace

TEST_CASE("the epoch of a role never goes down") {
  CHECK(status_mistakes("Role", "{}", R"({"status":{"epoch":1,"host":"host-a","phase":"Running"}})").empty());
  CHECK(status_mistakes("Role", R"({"status":{"epoch":7}})", R"({"status":{"epoch":7,"host":"host-b"}})")
          .empty());
  CHECK(status_mistakes("Role", R"({"status":{"epoch":7}})", R"({"status":{"epoch":8,"host":"host-b"}})")
          .empty());
  const texts refused = {
    "status.epoch: Invalid value: 6: must not go down from 7: a takeover must raise it, or writes of "
    "earlier owners would be accepted again"};
  CHECK(status_mistakes("Role", R"({"status":{"epoch":7}})", R"({"status":{"epoch":6}})") == refused);
  CHECK(status_mistakes("Role", R"({"status":{"epoch":7}})", R"({"status":{"epoch":null}})").size() == 1);
  CHECK(status_mistakes("Role", R"({"status":{"epoch":7}})", R"({"status":null})").size() == 1);
  CHECK(status_mistakes("Role", "{}", R"({"status":{"epoch":-1}})") ==
        texts{"status.epoch: Invalid value: -1: must be greater than or equal to 0"});
}

TEST_CASE("an update of a role's spec leaves its epoch alone") {
  auto& k = kind_of("Role");
  auto old = canonical(k, with(k, sample("Role"), R"({"status":{"epoch":7}})"));
  auto next = canonical(k, with(k, old, R"({"status":{"epoch":1},"spec":{"hosts":["host-b"]}})"));
  k.prepare_update({"tester", now_seconds}, next, old);
  CHECK(next.get("status").get("epoch").integer() == 7);
  CHECK(next.get("metadata").get("generation").integer() == 2);
  CHECK(update_mistakes(k, next, old).empty());
}

TEST_CASE("roles name their hosts, each once") {
  CHECK(create_mistakes("Role", R"({"spec":{"hosts":[]}})") ==
        texts{"spec.hosts: Required value: must name at least one host, the preferred one first"});
  CHECK(create_mistakes("Role", R"({"spec":{"hosts":["host-a","host-a",""]}})") ==
        texts{"spec.hosts[1]: Duplicate value: \"host-a\"",
              "spec.hosts[2]: Required value: must name a host of the placement"});
  CHECK(create_mistakes("Role", R"({"spec":{"hosts":["Host A"]}})")
          .at(0)
          .starts_with("spec.hosts[0]: Invalid value: \"Host A\": a lowercase RFC 1123 label"));
  CHECK(create_mistakes("Role", R"({"spec":{"role":""}})") ==
        texts{"spec.role: Required value: must be the id of a role, such as controllers/deployment"});
  CHECK(create_mistakes("Role", R"({"metadata":{"name":"deployment"}})") ==
        texts{"metadata.name: Invalid value: \"deployment\": must be \"controllers.deployment\": spec.role "
              "with '.' in place of '/'"});
  auto& k = kind_of("Role");
  auto old = sample("Role");
  CHECK(update_mistakes(k, with(k, old, R"({"spec":{"role":"scheduler"}})"), old) ==
        texts{"spec.role: Invalid value: \"scheduler\": field is immutable"});
  CHECK(update_mistakes(k, with(k, old, R"({"spec":{"hosts":null}})"), old).size() == 1);
}

TEST_CASE("a status of a role has a phase and conditions that mean something") {
  CHECK(status_mistakes("Role", "{}", R"({"status":{"phase":"Busy","restarts":-1}})") ==
        texts{"status.phase: Unsupported value: \"Busy\": supported values: \"Failed\", \"Moving\", "
              "\"Pending\", \"Running\", "
              "\"Standby\"",
              "status.restarts: Invalid value: -1: must be greater than or equal to 0"});
  CHECK(status_mistakes("Role", "{}", R"({"status":{"conditions":[{"type":"Ready","status":"yes"}]}})") ==
        texts{"status.conditions[0].status: Unsupported value: \"yes\": supported values: \"False\", "
              "\"True\", \"Unknown\""});
}

TEST_CASE("a cluster has one placement of a bounded size") {
  CHECK(create_mistakes("Placement", R"({"metadata":{"name":"other"}})") ==
        texts{"metadata.name: Invalid value: \"other\": must be \"current\": a cluster has one placement, "
              "and that is its name"});
  CHECK(create_mistakes("Placement", R"({"spec":{"text":""}})") ==
        texts{"spec.text: Required value: must be a placement file"});
  auto& k = kind_of("Placement");
  auto object = sample("Placement");
  object["spec"].set("text", std::string(1 << 20, 'x'));
  CHECK(mistakes(k, object).empty());
  object["spec"].set("text", std::string((1 << 20) + 1, 'x'));
  CHECK(mistakes(k, object) == texts{"spec.text: Too long: may not be more than 1048576 bytes"});
  CHECK(update_mistakes(k, object, sample("Placement")).size() == 1);
}

TEST_CASE("hosts have an address with a port, and links of a known state") {
  for (auto address :
       {"10.0.0.1", ":7100", "10.0.0.1:", "10.0.0.1:x", "10.0.0.1:0", "10.0.0.1:70000", "a:1b"}) {
    INFO(address);
    CHECK(create_mistakes("Host", R"({"spec":{"address":")" + std::string(address) + "\"}}").at(0) ==
          "spec.address: Invalid value: \"" + std::string(address) +
            "\": must be an address and a port, such as 10.0.0.1:7100");
  }
  CHECK(create_mistakes("Host", R"({"spec":{"address":null}})").empty());
  CHECK(create_mistakes("Host", R"({"metadata":{"name":"a.b"}})").size() == 1);
  CHECK(
    status_mistakes("Host", "{}", R"({"status":{"links":[{"host":"host-b","state":"up"},
                                          {"host":"host-c","state":"down","reason":"no answer for 3 s"}]}})")
      .empty());
  CHECK(
    status_mistakes(
      "Host", "{}",
      R"({"status":{"links":[{"host":"host-b","state":"odd"},{"host":"host-b","state":"up"}]}})") ==
    texts{"status.links[0].state: Unsupported value: \"odd\": supported values: \"down\", \"slow\", \"up\"",
          "status.links[1]: Duplicate value: \"host-b\""});
}

TEST_CASE("shards have a host and an engine that exists") {
  CHECK(create_mistakes("Shard", R"({"spec":{"host":null}})") ==
        texts{"spec.host: Required value: must name a host of the placement"});
  CHECK(create_mistakes("Shard", R"({"spec":{"engine":"etcd"}})") ==
        texts{"spec.engine: Unsupported value: \"etcd\": supported values: \"lmdb\""});
  CHECK(status_mistakes("Shard", "{}", R"({"status":{"phase":"Running","restarts":12,"host":"host-b"}})")
          .empty());
}

TEST_CASE("rows of Troupe's own kinds") {
  CHECK(row_of("Role", "{}") == texts{"controllers.deployment", "controllers/deployment", "<none>", "0",
                                      "Pending", "0", "60m", "host-a,host-b", "0", "<none>"});
  CHECK(row_of("Role", R"({"status":{"host":"host-b","epoch":3,"phase":"Running","restarts":2,"takeovers":1,
                           "lastFailure":"killed"}})") ==
        texts{"controllers.deployment", "controllers/deployment", "host-b", "3", "Running", "2", "60m",
              "host-a,host-b", "1", "killed"});
  CHECK(row_of("Host", R"({"status":{"version":"0.1.0","roles":["scheduler","store/main"],
                           "conditions":[{"type":"Ready","status":"True"}],"startTime":"2027-01-15T07:58:00Z",
                           "links":[{"host":"b","state":"up"},{"host":"c","state":"down"}]}})") ==
        texts{"host-a", "10.0.0.1:7100", "True", "0.1.0", "2", "60m", "1/2", "2m"});
  CHECK(row_of("Host", "{}")[2] == "Unknown");
  CHECK(row_of("Shard", R"({"status":{"phase":"Running"}})") ==
        texts{"main", "host-a", "Running", "60m", "lmdb", "0", "<none>"});
  CHECK(row_of("Placement", R"({"metadata":{"generation":4}})") == texts{"current", "4", "60m"});
}
