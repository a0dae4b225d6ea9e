// The placement file: what is read from a good one, and the one clear error for each way to get it wrong.
#include "runtime/placement/nearest.hpp"
#include "runtime/placement/network.hpp"
#include "runtime/placement/placement.hpp"

#include <catch2/catch.hpp>

using namespace runtime::placement;
using strings = std::vector<std::string>;

namespace {

const strings shards{"pods", "events", "leases", "main"};

const std::vector<role_spec> specs{
  {.name = "store",
   .naming = instance_naming::per_shard,
   .settings = {{.name = "engine", .type = setting_type::choice, .otherwise = "lmdb", .choices = {"lmdb", "memory"}},
                {.name = "shards", .type = setting_type::choices, .otherwise = shards, .choices = shards}},
   .required = true},
  {.name = "apiserver",
   .naming = instance_naming::per_host,
   .settings = {{.name = "address", .type = setting_type::address, .required = true}},
   .required = true},
  {.name = "controllers/deployment"},
  {.name = "scheduler"},
  {.name = "kubelet",
   .naming = instance_naming::per_node,
   .settings = {{.name = "node", .type = setting_type::node},
                {.name = "address", .type = setting_type::ip},
                {.name = "podCIDR", .type = setting_type::cidr, .required = true},
                {.name = "bridge", .type = setting_type::interface, .otherwise = "troupe0"},
                {.name = "runtimeEndpoint", .type = setting_type::uri,
                 .otherwise = "unix://<data>/containerd/containerd.sock"},
                {.name = "verbose", .type = setting_type::boolean},
                {.name = "hollow", .type = setting_type::integer, .min = 1, .max = hollow_max}}},
};

const std::string head = "apiVersion: troupe.dev/v1\n"
                         "kind: Placement\n"
                         "hosts:\n"
                         "  - { name: host-a, address: 127.0.0.1:7100 }\n"
                         "roles:\n"
                         "  - { role: store, host: host-a }\n"
                         "  - { role: apiserver, host: host-a, address: 127.0.0.1:6443 }\n";

/// All problems of a text, rendered.
strings problems(const std::string& text) {
  strings result;
  for (auto& problem : parse(text, specs).problems)
    result.push_back(render("f", problem));
  return result;
}

/// The problems of the good head with more roles.
strings with(const std::string& more) {
  return problems(head + more);
}

} // namespace

TEST_CASE("a good file becomes role instances with their settings") {
  auto result = parse(head
                        + "  - { role: kubelet, host: host-a, node: node-a, podCIDR: 10.244.0.0/24, verbose: true, logLevel: debug }\n"
                          "  - { role: kubelet, host: host-a, hollow: 2 }\n"
                          "cluster: { podCIDR: 10.244.0.0/16, nodePortRange: 30000-30100 }\n",
                      specs);
  for (auto& problem : result.problems)
    FAIL(render("f", problem));
  strings ids;
  for (auto& role : result.value.of_host("host-a"))
    ids.push_back(role.id);
  CHECK(ids == strings{"store/pods", "store/events", "store/leases", "store/main", "apiserver/host-a",
                       "kubelet/node-a", "kubelet/hollow-0", "kubelet/hollow-1"});
  auto& store = result.value.roles[0];
  CHECK(store.settings.text("shard") == "pods");
  CHECK(store.settings.text("engine") == "lmdb");
  CHECK(store.log_level == "info");
  auto& kubelet = result.value.roles[5];
  CHECK(kubelet.settings.boolean("verbose"));
  CHECK(kubelet.settings.text("bridge") == "troupe0");
  CHECK(kubelet.log_level == "debug");
  auto& hollow = result.value.roles[7];
  CHECK(hollow.settings.text("node") == "hollow-1");
  CHECK(hollow.settings.integer("hollowIndex") == 1);
  CHECK(result.value.cluster.node_port_last == 30100);
}

TEST_CASE("unknown fields and roles are named with their place and what may be meant") {
  CHECK(with("  - { role: schedular, host: host-a }\n")
        == strings{"f:8:13: unknown role `schedular` (did you mean `scheduler`?)"});
  CHECK(with("  - { role: scheduler, hots: host-a }\n")
        == strings{"f:8:5: the role's `host` is missing",
                   "f:8:24: unknown field `hots` of role `scheduler` (did you mean `host`?)"});
  CHECK(with("clutser: {}\n") == strings{"f:8:1: unknown field `clutser` of a placement file (did you mean `cluster`?)"});
  CHECK(with("  - { role: zzz, host: host-a }\n") == strings{"f:8:13: unknown role `zzz`"});
}

TEST_CASE("a role placed twice names both places") {
  CHECK(with("  - { role: scheduler, host: host-a }\n  - { role: scheduler, host: host-a }\n")
        == strings{"f:9:5: role `scheduler` is placed twice: here and in line 8"});
  CHECK(with("  - { role: store, host: host-a, shards: [main] }\n")
        == strings{"f:8:5: role `store/main` is placed twice: here and in line 6"});
  CHECK(with("  - { role: kubelet, host: host-a, hollow: 1 }\n  - { role: kubelet, host: host-a, node: hollow-0, podCIDR: 10.244.1.0/24 }\n")
        == strings{"f:9:5: role `kubelet/hollow-0` is placed twice: here and in line 8"});
}

TEST_CASE("hosts: missing, unknown, doubled, with a bad address") {
  CHECK(with("  - { role: scheduler, host: host-b }\n")
        == strings{"f:8:30: unknown host `host-b` (did you mean `host-a`?)"});
  CHECK(with("  - { role: scheduler }\n") == strings{"f:8:5: the role's `host` is missing"});
  CHECK(problems("apiVersion: troupe.dev/v1\nkind: Placement\nhosts:\n  - { name: a, address: nowhere }\nroles: []\n")
        == strings{"f:4:25: field `address` must be IP:PORT, not `nowhere`",
                   "f:5:8: field `roles` must be a list of at least one role"});
  CHECK(problems("apiVersion: troupe.dev/v1\nkind: Placement\nhosts:\n  - { name: a, address: 127.0.0.1:1 }\n"
                 "  - { name: a, address: 127.0.0.1:2 }\nroles:\n  - { role: scheduler, host: a }\n")
        == strings{"f:5:13: host `a` is named twice"});
  CHECK(problems("apiVersion: troupe.dev/v1\nkind: Placement\nroles:\n  - { role: scheduler, host: a }\n")
        == strings{"f:1:1: field `hosts` is missing", "f:4:30: unknown host `a`"});
}

TEST_CASE("settings: wrong types, bad addresses and networks") {
  auto kubelet = [](const std::string& more) {
    return with("  - { role: kubelet, host: host-a, node: n, podCIDR: 10.244.1.0/24, " + more + " }\n");
  };
  CHECK(kubelet("address: 10.0.0.300")[0].find("must be an IP address, not `10.0.0.300`") != std::string::npos);
  CHECK(kubelet("verbose: maybe")[0].find("must be true or false, not `maybe`") != std::string::npos);
  CHECK(kubelet("hollow: many")[0].find("must be an integer from 1 to 100000, not `many`") != std::string::npos);
  CHECK(kubelet("hollow: 0")[0].find("must be an integer from 1") != std::string::npos);
  CHECK(kubelet("hollow: \"5\"")[0].find("must be an integer") != std::string::npos);
  CHECK(kubelet("hollow: [1]")[0].find("but is a list") != std::string::npos);
  CHECK(kubelet("bridge: a-name-that-is-too-long")[0].find("interface name") != std::string::npos);
  CHECK(kubelet("runtimeEndpoint: tcp://x")[0].find("must be unix:///PATH") != std::string::npos);
  CHECK(kubelet("bridge: {}")[0].find("but is a map") != std::string::npos);
  CHECK(kubelet("bridge: ~")[0].find("but is empty") != std::string::npos);
  CHECK(kubelet("logLevel: loud")[0].find("must be one of debug, info") != std::string::npos);
  CHECK(with("  - { role: kubelet, host: host-a, node: N_A, podCIDR: 10.244.1.0/24 }\n")
        == strings{"f:8:42: field `node` must be a DNS name in lower case, not `N_A`"});
  CHECK(with("  - { role: kubelet, host: host-a, node: n, podCIDR: 10.244.1.7/24 }\n")
        == strings{"f:8:54: field `podCIDR` `10.244.1.7/24` has bits set behind its prefix length"});
  CHECK(with("  - { role: kubelet, host: host-a, podCIDR: 10.244.1.0/24 }\n")
        == strings{"f:8:5: field `node` of role `kubelet` is missing: a DNS name in lower case"});
  CHECK(with("  - { role: scheduler, host: host-a, host: host-a }\n")
        == strings{"f:8:38: field `host` is given twice"});
}

TEST_CASE("networks of nodes lie in the cluster's and do not overlap") {
  CHECK(with("  - { role: kubelet, host: host-a, node: n, podCIDR: 10.1.0.0/24 }\n")
        == strings{"f:8:5: podCIDR 10.1.0.0/24 lies outside of the cluster's podCIDR 10.244.0.0/16"});
  CHECK(with("  - { role: kubelet, host: host-a, node: n, podCIDR: 10.244.0.0/24 }\n"
             "  - { role: kubelet, host: host-a, node: m, podCIDR: 10.244.0.128/25 }\n")
        == strings{"f:9:5: podCIDR 10.244.0.128/25 overlaps the one in line 8"});
  CHECK(with("cluster: { serviceCIDR: 10.244.9.0/24 }\n")
        == strings{"f:8:10: podCIDR 10.244.0.0/16 and serviceCIDR 10.244.9.0/24 overlap"});
  CHECK(with("cluster: { nodePortRange: 5-1 }\n")[0].find("FIRST-LAST") != std::string::npos);
  CHECK(with("cluster: { podCIDR: here }\n")[0].find("`here` is no network") != std::string::npos);
}

TEST_CASE("a cluster needs a store with all shards, and an apiserver; addresses are used once") {
  const std::string start = "apiVersion: troupe.dev/v1\nkind: Placement\nhosts: [{name: a, address: 127.0.0.1:7100}]\nroles:\n";
  CHECK(problems(start + "  - {role: apiserver, host: a, address: 127.0.0.1:6443}\n")
        == strings{"f:5:3: no host runs role `store`, and a cluster needs it"});
  CHECK(problems(start + "  - {role: store, host: a}\n")
        == strings{"f:5:3: no host runs role `apiserver`, and a cluster needs it"});
  CHECK(problems(start + "  - {role: store, host: a, shards: [pods, events, leases]}\n  - {role: apiserver, host: a, address: 127.0.0.1:1}\n")
        == strings{"f:5:3: shard `main` of role `store` is placed nowhere"});
  CHECK(problems(start + "  - {role: store, host: a, shards: [pods, evnts]}\n")
        == strings{"f:5:36: field `shards` must be a list out of pods, events, leases, main, not `evnts` (did you mean `events`?)"});
}

TEST_CASE("what is no placement file at all") {
  CHECK(problems("") == strings{"f:1:1: must be a map with apiVersion, kind, hosts and roles"});
  CHECK(problems("a: [1, 2\n").size() == 1);
  CHECK(problems("a: [1, 2\n")[0].substr(0, 4) == "f:2:");
  CHECK(problems("apiVersion: v1\nkind: Pod\nhosts: 5\nroles: 6\n").size() == 4);
  CHECK(problems(std::string(file_bytes_max + 1, '#')).size() == 1);
  CHECK(problems(head + "---\n{}\n") == strings{"f:9:1: a placement file holds one document"});
  CHECK(problems(std::string(100'000, '[')).size() == 1);
  CHECK(render("x.yaml", read_file("/nonexistent/x.yaml", specs).problems.at(0)) == "x.yaml: cannot be read: No such file or directory");
  CHECK(read_file("/", specs).problems.at(0).message == "is a folder, not a placement file");
}

TEST_CASE("near names: swaps and cases are close, other words are not") {
  CHECK(edit_distance("abcd", "abdc") == 1);
  CHECK(nearest("kublet", {"kubelet", "proxy"}) == "kubelet");
  CHECK(nearest("xyz", {"kubelet", "proxy"}) == "");
  CHECK(near_names("pod", {"store/pods", "scheduler", "store/main"}) == strings{"store/pods"});
  CHECK(near_names("shceduler", {"store/pods", "scheduler"}) == strings{"scheduler"});
}

TEST_CASE("addresses") {
  CHECK(is_address("[::1]:6443"));
  CHECK_FALSE(is_address("::1:6443"));
  CHECK_FALSE(is_address("127.0.0.1:0"));
  CHECK_FALSE(is_address("127.0.0.1:65536"));
  CHECK(is_dns_name("node-a.example"));
  CHECK_FALSE(is_dns_name("-a"));
  CHECK_FALSE(is_dns_name("a..b"));
}
