// What another placement changes, what is refused, and the edits of move and drain.
#include "actors/keeper/decide_shard.hpp"
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
  auto to_lost = read(head + "  - { role: store, host: a }\n  - { role: scheduler, host: c }\n");
  CHECK(plan_change(now, to_lost, with_lost("c")).refusals == strings{"`scheduler` would move to c, which is not up"});
}

TEST_CASE("a shard moves with its data, from the host that serves it") {
  auto now = read(base);
  auto to = [](const std::string& host) { return read(head + "  - { role: store, host: " + host + " }\n  - { role: scheduler, host: a }\n"); };
  const std::map<std::string, std::string> at_a{{"store/main", "a"}};
  auto planned = [&](const placement& from, const std::string& host, const std::map<std::string, std::string>& served, const char* lost = "") {
    return plan_change(from, to(host), with_lost(lost), served);
  };
  CHECK(planned(now, "b", at_a).refusals.empty());
  CHECK(texts(planned(now, "b", at_a)).front() == "move     store/main from a to b with its data");
  CHECK(planned(now, "b", at_a, "b").refusals == strings{"`store/main` would move to b, which is not up"});
  CHECK(planned(now, "b", {{"scheduler", "a"}}).refusals == strings{"`store/main` would move to b, but no host serves it now, so its data cannot be copied"});
  // On its way: not to a third host, but back, or nothing new.
  CHECK(planned(to("b"), "c", at_a).refusals ==
        strings{"`store/main` is on its way from a to b: wait until it is there, or move it back to a"});
  CHECK(planned(to("b"), "a", at_a).refusals.empty());
  CHECK(planned(to("b"), "b", at_a).steps.size() < planned(to("b"), "a", at_a).steps.size());
  // What somebody has decided is carried out, whatever is up at this moment.
  CHECK(plan_change(now, to("b"), with_lost("b")).refusals == strings{"`store/main` would move to b, which is not up"});
  CHECK(plan_change(now, to("b"), with_lost("")).refusals.empty());
  CHECK(plan_change(now, read(head + "  - { role: store, host: a }\n"), with_lost("")).refusals.empty());
}

TEST_CASE("what becomes of a shard here") {
  using enum shard_state;
  const auto decided = [](bool placed, shard_state state, bool folder, bool elsewhere) {
    return decide_shard(placed, {state, folder}, elsewhere);
  };
  for (const bool elsewhere : {false, true}) {
    CHECK(decided(true, absent, false, elsewhere) == shard_action::start);
    CHECK(decided(false, absent, true, elsewhere) == shard_action::start); // whoever copies it needs it, or it is a copy that asked
    CHECK(decided(false, absent, false, elsewhere) == shard_action::none);
    CHECK(decided(true, copying, true, elsewhere) == shard_action::none);
    CHECK(decided(false, copying, true, elsewhere) == shard_action::end_for_good);
    for (const bool placed : {false, true})
      for (const auto state : {unknown, serving, asking})
        CHECK(decided(placed, state, true, elsewhere) == shard_action::none);
  }
  for (const bool placed : {false, true}) {
    CHECK(decided(placed, handed_over, true, false) == shard_action::none); // the successor may need the rest
    CHECK(decided(placed, handed_over, true, true) == shard_action::end_for_good);
  }
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
  auto shard = read(with_overrides(base, move_role(now, "store/main", "b", 2, with_lost("")).overrides));
  CHECK(shard.roles[0].host == "b");
  CHECK(shard.roles[0].hosts.empty());
  CHECK(shard.bound_to("b").size() == 1);
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
  CHECK(next.roles[0].host == "b");
  CHECK(result.notes == strings{"`apiserver/a` stays: it is bound to a", "`kubelet/n` stays: it is bound to a"});
  CHECK(drain_host(now, "nowhere", {}, 2, with_lost("")).refusal == "no host is named `nowhere`");
}

TEST_CASE("an override of what cannot move, or does not exist, is a problem with its place") {
  auto result = rp::parse(base + "overrides:\n  - { role: kubelet/n, hosts: [b] }\n  - { role: sheduler, hosts: [b] }\n"
                               "  - { role: store/main, hosts: [b, c] }\n", known);
  REQUIRE(result.problems.size() == 3);
  CHECK(rp::render("f", result.problems[0]) == "f:15:5: `kubelet/n` is bound to its host: only singletons, apiservers and store shards move");
  CHECK(rp::render("f", result.problems[1]) == "f:16:5: no role is named `sheduler` (did you mean `scheduler`?)");
  CHECK(rp::render("f", result.problems[2]) == "f:17:5: `store/main` is a store shard: it is on one host");
}
