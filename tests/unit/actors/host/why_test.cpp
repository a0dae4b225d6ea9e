// `troupe why`: the chain of writes, as a pure function of what the log holds.
#include "actors/host/commands/why_text.hpp"

#include <catch2/catch.hpp>

using namespace actors::host::commands;
using namespace runtime::control;
using runtime::telemetry::provenance_log;
using runtime::telemetry::written_entry;

namespace {

written_entry by_role(const std::string& object, int64_t revision, const std::string& verb, const std::string& agent,
                      const std::string& cause, int64_t cause_revision) {
  return {.object = object, .revision = revision, .wall_us = revision, .verb = verb, .user = "system:" + agent, .by_role = true,
          .agent = agent, .origin = "host-a", .cause_object = cause, .cause_revision = cause_revision};
}

written_lookup lookup_in(const provenance_log& log) {
  return [&log](const std::string& object) {
    return written_answer{object, log.complete_since_us(), log.of(object)};
  };
}

} // namespace

TEST_CASE("why follows causes back to a client's request") {
  provenance_log log;
  log.add({.object = "deployments.apps/default/web", .revision = 3, .wall_us = 1, .verb = "create", .user = "admin",
           .agent = "kubectl/v1.36", .origin = "127.0.0.1:999"});
  log.add(by_role("replicasets.apps/default/web-1", 4, "create", "controllers/deployment", "deployments.apps/default/web", 3));
  log.add(by_role("pods/default/web-1-a", 1, "create", "controllers/replicaset", "replicasets.apps/default/web-1", 4));
  auto bound = by_role("pods/default/web-1-a", 2, "create", "scheduler", "pods/default/web-1-a", 1);
  bound.subresource = "binding";
  bound.epoch = 7;
  log.add(bound);
  auto status = by_role("pods/default/web-1-a", 5, "patch", "kubelet/node-a", "pods/default/web-1-a", 2);
  status.subresource = "status";
  log.add(status);
  auto lookup = lookup_in(log);
  auto text = explain(lookup("pods/default/web-1-a"), lookup);
  std::vector<std::string> parts{"pods/default/web-1-a @5: status patched", "by system:kubelet/node-a (kubelet/node-a on host-a)\n",
                                 "└─ because of pods/default/web-1-a @2: bound to its node", "(scheduler on host-a, epoch 7)\n",
                                 "   └─ because of pods/default/web-1-a @1: created",
                                 "      └─ because of replicasets.apps/default/web-1 @4: created",
                                 "         └─ because of deployments.apps/default/web @3: created",
                                 "by admin (kubectl/v1.36 from 127.0.0.1:999): a client's request\n"};
  size_t at = 0;
  for (auto& part : parts) {
    INFO(text);
    auto found = text.find(part, at);
    REQUIRE(found != std::string::npos);
    at = found;
  }
}

TEST_CASE("why says where the trail ends") {
  provenance_log log;
  log.add(by_role("nodes/node-a", 9, "patch", "kubelet/node-a", "", 0));
  log.add(by_role("pods/default/a", 2, "create", "controllers/x", "jobs.batch/default/gone", 1));
  auto lookup = lookup_in(log);
  CHECK(explain(lookup("nodes/node-a"), lookup).find("of its own accord") != std::string::npos);
  CHECK(explain(lookup("pods/default/a"), lookup).find("jobs.batch/default/gone @1, whose write no running apiserver remembers")
        != std::string::npos);
  CHECK_THROWS_WITH(explain(lookup("pods/default/never"), lookup), Catch::Contains("no write of pods/default/never is known"));
}

TEST_CASE("why does not follow a circle for ever") {
  provenance_log log;
  log.add(by_role("pods/a", 1, "create", "x", "pods/b", 1));
  log.add(by_role("pods/b", 1, "create", "x", "pods/a", 1));
  auto lookup = lookup_in(log);
  CHECK(explain(lookup("pods/a"), lookup).find("and so on") != std::string::npos);
}

TEST_CASE("the log of writes is bounded, and says since when it is complete") {
  provenance_log log;
  for (size_t i = 0; i < provenance_log::entries_max + 10; ++i) {
    auto entry = by_role("pods/" + std::to_string(i % 100), static_cast<int64_t>(i + 1), "patch", "x", "", 0);
    log.add(entry);
  }
  CHECK(log.size() == provenance_log::entries_max);
  CHECK(log.complete_since_us() == 11);
  auto newest = log.of("pods/0");
  CHECK(newest.size() == provenance_log::answer_max);
  CHECK(newest[0].revision > newest[1].revision);
  CHECK(log.of("pods/none").empty());
  // Of what is written once only, nothing stays.
  for (size_t i = 0; i < provenance_log::entries_max; ++i)
    log.add(by_role("nodes/" + std::to_string(i), static_cast<int64_t>(i + 1), "patch", "y", "pods/0", 7));
  CHECK(log.of("pods/0").empty()); // though it is a cause of others
  log.add(by_role("pods/0", 9, "patch", "x", "", 0));
  REQUIRE(log.of("pods/0").size() == 1);
  CHECK(log.of("pods/0")[0].agent == "x");
  CHECK(log.of("nodes/0").empty());
  REQUIRE(log.of("nodes/1").size() == 1);
  CHECK(log.of("nodes/1")[0].cause_object == "pods/0");
}

TEST_CASE("what was written survives the control socket") {
  auto entry = by_role("pods/default/a\tb", 2, "create", "controllers/x", "nodes/n", 1);
  entry.subresource = "status";
  entry.epoch = 3;
  entry.previous = 1;
  written_answer sent{"pods/default/a\tb", 17, {entry, entry}};
  auto lines = encode_written(sent);
  auto back = decode_written(lines);
  REQUIRE(back);
  CHECK(encode_written(*back) == lines);
  lines[1].pop_back();
  CHECK_FALSE(decode_written(lines));
}
