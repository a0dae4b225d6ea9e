// What another placement changes, what is refused, and the edits of move and drain.
#include "actors/keeper/placement_change.hpp"

#include <catch2/catch.hpp>

using namespace actors::keeper;
namespace rp = runtime::placement;

namespace {

using strings = std::vector<std::string>;

const std::vector<rp::role_spec> known{
  {.name = "store",
   .summary = "",
   .naming = rp::instance_naming::per_shard,
   .settings = {{.name = "shards", .type = rp::setting_type::choices, .help = "", .otherwise = strings{"main"}, .choices = {"main"}}},
   .required = true},
  {.name = "apiserver",
   .summary = "",
   .naming = rp::instance_naming::per_host,
   .settings = {{.name = "address", .type = rp::setting_type::address, .help = "", .otherwise = std::string{"127.0.0.1:6443"}}}},
  {.name = "kubelet",
   .summary = "",
   .naming = rp::instance_naming::per_node,
   .settings = {{.name = "node", .type = rp::setting_type::text, .help = ""}}},
  {.name = "scheduler", .summary = ""},
  {.name = "controllers/deployment", .summary = ""},
};

const std::string head = "apiVersion: troupe.dev/v1\nkind: Placement\n# three hosts\nhosts:\n"
                         "  - { name: a, address: 127.0.0.1:1 }\n  - { name: b, address: 127.0.0.1:2 }\n"
                         "  - { name: c, address: 127.0.0.1:3 }\nroles:\n";
const std::string base = head + "  - { role: store, host: a }\n  - { role: apiserver, host: a }\n"
                                "  - { role: scheduler, hosts: [a, b] } # the one\n  - { role: controllers/deployment, host: b }\n"
                                "  - { role: kubelet, host: a, node: n }\n";

placement read(const std::string& text) {
  auto result = rp::parse(text, known);
  for (auto& problem : result.problems)
    FAIL_CHECK(rp::render("f", problem));
  return result.value;
}

presence_of with_lost(std::string lost) {
  return [lost](const std::string& host) { return host == lost ? presence::lost : presence::up; };
}

strings texts(const change& result) {
  strings lines;
  for (auto& step : result.steps)
    lines.push_back(step.text());
  return lines;
}

} // namespace

TEST_CASE("a placement's hosts are read in their order") {
  auto value = read(base);
  CHECK(value.roles[2].hosts == strings{"a", "b"});
  CHECK(value.roles[0].hosts.empty());
  CHECK(rp::parse(head + "  - { role: apiserver, hosts: [a, b] }\n", known).problems.size() == 1);
  CHECK(rp::parse(head + "  - { role: scheduler, hosts: [a, d] }\n", known).problems[0].message == "unknown host `d`");
  CHECK(rp::parse(head + "  - { role: scheduler, hosts: [a, a] }\n", known).problems[0].message == "host `a` is named twice");
  CHECK(rp::parse(head + "  - { role: scheduler, host: a, hosts: [a] }\n", known).problems.size() == 1);
}

TEST_CASE("what changes is listed") {
  auto now = read(base);
  CHECK(plan_change(now, read(base), with_lost("")).steps.empty());
  auto next = read(head + "  - { role: store, host: a }\n  - { role: apiserver, host: b }\n"
                          "  - { role: scheduler, hosts: [b, a] }\n  - { role: controllers/deployment, hosts: [b, c] }\n"
                          "  - { role: kubelet, host: a, node: n }\n");
  auto result = plan_change(now, next, with_lost(""));
  CHECK(result.refusals.empty());
  CHECK(texts(result) == strings{"start    apiserver/b on b", "move     scheduler from a to b",
                                 "keep     controllers/deployment on b: other hosts may take it over",
                                 "stop     apiserver/a on a"});
}

TEST_CASE("after a failover the plan starts from where roles are, and moves only what is wished anew") {
  const auto now = read(base);
  const std::map<std::string, std::string> owners{{"scheduler", "b"}};
  CHECK(plan_change(now, read(base), with_lost(""), owners).steps.empty());
  const auto next = [&](const char* host) { return read(with_overrides(base, move_role(now, "scheduler", host, 2, with_lost("")).overrides)); };
  CHECK(texts(plan_change(now, next("a"), with_lost(""), owners)) == strings{"move     scheduler from b to a"});
  CHECK(texts(plan_change(now, next("b"), with_lost(""), owners)) == strings{"keep     scheduler on b: other hosts may take it over"});
}

TEST_CASE("what cannot be done is refused") {
  auto now = read(base);
  auto moved_shard = read(head + "  - { role: store, host: b }\n  - { role: scheduler, host: a }\n");
  auto result = plan_change(now, moved_shard, with_lost(""));
  REQUIRE(result.refusals.size() == 1);
  CHECK(result.refusals[0] == "`store/main` would move from a to b: a shard's data cannot be moved yet");
  auto to_lost = read(head + "  - { role: store, host: a }\n  - { role: scheduler, host: c }\n");
  CHECK(plan_change(now, to_lost, with_lost("c")).refusals == strings{"`scheduler` would move to c, which is not up"});
}

TEST_CASE("move prefers the host and keeps the others") {
  auto now = read(base);
  auto moved = move_role(now, "scheduler", "c", 7, with_lost(""));
  CHECK(moved.refusal.empty());
  auto text = with_overrides(base, moved.overrides);
  CHECK(text.find("# the one") != text.npos);
  CHECK(read(text).roles[2].hosts == strings{"c", "a", "b"});
  CHECK(read(text).roles[2].since == 7);
  // Again: the section is replaced, not doubled.
  auto again = move_role(read(text), "scheduler", "b", 8, with_lost(""));
  auto text2 = with_overrides(text, again.overrides);
  CHECK(read(text2).roles[2].hosts == strings{"b", "c", "a"});
  CHECK(text2.size() == text.size());
  CHECK(with_overrides(text2, {}) == base);
}

TEST_CASE("moves that make no sense are refused") {
  auto now = read(base);
  auto refusal = [&](const char* role, const char* host, const char* lost = "") {
    return move_role(now, role, host, 2, with_lost(lost)).refusal;
  };
  CHECK(refusal("schedular", "b") == "no role is named `schedular` (did you mean `scheduler`?)");
  CHECK(refusal("scheduler", "nowhere") == "no host is named `nowhere`");
  CHECK(refusal("scheduler", "c", "c") == "host `c` is not up");
  CHECK(refusal("store/main", "b") == "`store/main` stays on a: a shard's data cannot be moved yet");
  CHECK(refusal("kubelet/n", "b").find("bound to a") != std::string::npos);
}

TEST_CASE("an apiserver that moves takes its new host's name and address, and may move on and back") {
  const std::string three = "apiVersion: troupe.dev/v1\nkind: Placement\nhosts:\n"
                            "  - { name: a, address: 10.0.0.1:1 }\n  - { name: b, address: 10.0.0.2:1 }\n"
                            "  - { name: c, address: 10.0.0.3:1 }\nroles:\n  - { role: store, host: a }\n"
                            "  - { role: apiserver, host: a, address: 10.0.0.1:6443 }\n"
                            "  - { role: apiserver, host: b, address: 127.0.0.1:6443 }\n";
  const auto moved = [&](const std::string& text, const char* role, const char* host) {
    const auto edited = move_role(read(text), role, host, 2, with_lost(""));
    CHECK(edited.refusal.empty());
    return with_overrides(text, edited.overrides);
  };
  CHECK(move_role(read(three), "apiserver/a", "b", 2, with_lost("")).refusal ==
        "host `b` has an apiserver already, and each host has one at most");
  const auto once = moved(three, "apiserver/a", "c");
  CHECK(texts(plan_change(read(three), read(once), with_lost(""))) == strings{"start    apiserver/c on c", "stop     apiserver/a on a"});
  CHECK(read(once).roles[1].settings.text("address") == "10.0.0.3:6443");
  const auto twice = moved(once, "apiserver/b", "a");
  CHECK(read(twice).roles[2].settings.text("address") == "127.0.0.1:6443"); // every host has it
  const auto on = moved(twice, "apiserver/c", "b");
  CHECK(read(on).roles[1].id == "apiserver/b");
  CHECK(read(on).roles[1].settings.text("address") == "10.0.0.2:6443");
  CHECK(read(moved(moved(on, "apiserver/b", "c"), "apiserver/a", "b")).roles[2].id == "apiserver/b");
  const auto doubled = rp::parse(three + "overrides:\n  - { role: apiserver/a, hosts: [b] }\n", known);
  REQUIRE(doubled.problems.size() == 1);
  CHECK(doubled.problems[0].message == "`apiserver/a` cannot be on b, which has `apiserver/b` already");
}

TEST_CASE("drain moves what can move and says what stays") {
  auto now = read(base);
  auto result = drain_host(now, "a", {{"scheduler", "a"}, {"controllers/deployment", "a"}}, 2, with_lost(""));
  CHECK(result.refusal.empty());
  auto next = read(with_overrides(base, result.overrides));
  CHECK(next.roles[2].hosts == strings{"b", "a"});
  CHECK(next.roles[3].hosts == strings{"b", "a"}); // it had failed over to a
  CHECK(result.notes == strings{"`store/main` stays: it is bound to a", "`apiserver/a` stays: it is bound to a", "`kubelet/n` stays: it is bound to a"});
  CHECK(drain_host(now, "nowhere", {}, 2, with_lost("")).refusal == "no host is named `nowhere`");
}

TEST_CASE("an override of what cannot move, or does not exist, is a problem with its place") {
  auto result = rp::parse(base + "overrides:\n  - { role: kubelet/n, hosts: [b] }\n  - { role: sheduler, hosts: [b] }\n", known);
  REQUIRE(result.problems.size() == 2);
  CHECK(rp::render("f", result.problems[0]) == "f:15:5: `kubelet/n` is bound to its host: only singletons and apiservers move");
  CHECK(rp::render("f", result.problems[1]) == "f:16:5: no role is named `sheduler` (did you mean `scheduler`?)");
}
