// Each checker finds what it is there for: the cluster is well, and somebody breaks exactly one rule.
#include "tests/sim/known.hpp"

#include "actors/host/simulation/fence_guard.hpp"
#include "runtime/transport/attachment.hpp"

#include <fmt/format.h>

namespace {

using namespace tests::sim;
namespace client = actors::client;
using messages::codec::draft;

scenario small(const std::string& checker) {
  scenario plan;
  plan.name = "small";
  plan.shape = {.hosts = 2, .nodes = 2, .apiservers = 1};
  plan.run = std::chrono::seconds{8};
  plan.settle = std::chrono::seconds{30};
  plan.quiet = std::chrono::seconds{0};
  plan.workloads = {{"endpoints", 2, std::chrono::seconds{2}}, {"registers", 2, std::chrono::milliseconds{200}}};
  plan.checkers = {checker};
  return plan;
}

run_result run_small(const scenario& plan, std::function<void(world&)> sabotage, std::function<void(world&)> prepare = {}) {
  return run(plan, {.seed = 5, .known = known_roles(), .keep_log_of = {}, .sabotage = std::move(sabotage), .prepare = std::move(prepare)});
}

void expect_found(const std::string& checker, std::function<void(world&)> sabotage, std::function<void(world&)> prepare = {}) {
  const auto plan = small(checker);
  const auto well = run_small(plan, {});
  INFO(text_of(well.violations));
  CHECK(well.violations.empty());
  CHECK(found_by(run_small(plan, std::move(sabotage), std::move(prepare)), checker));
}

/// The first object of a kind on disk, changed and written behind everybody's back.
void rewrite(world& of, const std::string& shard, const client::resource& what, const std::string& new_key,
             const std::function<void(draft&)>& change) {
  std::string key, value;
  of.sim.disk(shard).each_record([&](const std::string& found, int64_t, const std::string& content) {
    if (key.empty() && found.starts_with("/" + std::string{what.plural} + "/default/")) {
      key = found;
      value = content;
    }
  });
  REQUIRE_FALSE(key.empty());
  const auto stored =
    runtime::transport::attachment_from_wire(std::make_shared<const std::string>(value), 0, value.size(), true);
  REQUIRE(stored);
  auto object = messages::codec::unpack(*stored->type, stored->object);
  change(object);
  auto packed = messages::codec::pack(*stored->type, object);
  REQUIRE_FALSE(packed.error);
  std::string changed;
  runtime::transport::append_wire({stored->type, std::move(packed.object)}, changed);
  of.sim.disk(shard).write_behind(new_key.empty() ? key : new_key, changed);
}

TEST_CASE("an acknowledged write that is lost is found") {
  expect_found("durability", [](world& of) {
    const auto& writes = of.admin().acknowledged_writes();
    REQUIRE_FALSE(writes.empty());
    of.sim.disk("main").forget_after(writes.front().revision - 1);
  });
}

TEST_CASE("a stale read is found") {
  expect_found("linearizability", [](world& of) {
    REQUIRE(of.history.size() > 5);
    std::map<std::string, operation> oldest;
    for (const auto& op : of.history)
      if (op.kind == operation::what::write)
        oldest.emplace(op.key, op);
    auto stale = oldest.begin()->second; // every key was written again since
    stale.kind = operation::what::read;
    stale.began_us = of.now_us();
    stale.ended_us = stale.began_us + 1;
    of.history.push_back(stale);
  });
}

TEST_CASE("a pod on two nodes is found") {
  expect_found("one-node", [](world& of) {
    rewrite(of, "pods", client::pods, "", [](draft& pod) { pod["spec"].set("nodeName", "elsewhere"); });
  });
}

TEST_CASE("an orphan is found") {
  expect_found("orphans", [](world& of) {
    rewrite(of, "pods", client::pods, "", [](draft& pod) { pod["metadata"]["ownerReferences"].items()[0].set("uid", "gone"); });
  });
}

TEST_CASE("an address that is given twice is found") {
  expect_found("addresses", [](world& of) {
    rewrite(of, "main", client::services, "/services/default/second", [](draft& service) { service["metadata"].set("name", "second"); });
  });
}

TEST_CASE("a shard that two hosts have is found") {
  expect_found("one-shard", [](world& of) { of.sim.folders().make("main", "host-b", false); });
}

TEST_CASE("an owner that is not fenced is found") {
  // Of the role that is taken over nobody hears that it was: there is no apiserver to say so.
  expect_found("fencing",
               [](world& of) {
                 of.sim.host("host-b").wanted = false;
                 of.sim.crash_host("host-b", true);
               },
               [](world& of) {
                 of.sim.time().after(5s, [&of] { of.sim.crash_role("host-a", "controllers/deployment"); });
                 of.sim.time().after(6s, [&of] { of.sim.crash_host("host-b", true); });
                 of.sim.time().after(7s, [&of] { of.sim.start_host("host-b"); });
               });
}

TEST_CASE("a former owner whose write is done is found while everything goes on, whichever shard lets it pass") {
  // A disk forgets what it was told of epochs, and one role after the other is taken over.
  auto plan = small("fencing");
  plan.faults = {{.name = "takeover", .every = std::chrono::seconds{1}}};
  const auto well = run_small(plan, {});
  INFO(text_of(well.violations));
  CHECK(well.violations.empty());
  for (const auto& probe : shard_probes()) {
    INFO("shard " << probe.shard);
    CHECK(well.probes.count(fmt::format("fencing: refused by shard {}", probe.shard)) > 0);
    const auto broken = run_small(plan, {}, [&](world& of) { of.sim.disk(probe.shard).set_forgetful(true); });
    CHECK_THAT(text_of(broken.violations), Catch::Contains(fmt::format("wrote to shard {} with epoch", probe.shard)));
  }
}

TEST_CASE("a watcher that misses a change is found") {
  expect_found("watches", {}, [](world& of) {
    auto lost = std::make_shared<bool>(false);
    of.filter_deliveries([&of, lost](const delivery& item) {
      if (*lost || of.sim.time().elapsed() < 4s || (*item.target)->id() != of.witness().id() ||
          !item.content->match_elements<protocol::watch_batch>())
        return verdict::pass;
      const auto& batch = item.content->get_as<protocol::watch_batch>(0);
      if (batch->events() == nullptr || batch->events()->size() == 0)
        return verdict::pass;
      *lost = true;
      return verdict::drop;
    });
  });
}

TEST_CASE("a wish that is never met is found") {
  expect_found("converges", {}, [](world& of) { of.deployments["default/ghost"] = {1, "app:v1"}; });
}

void write_again_and_again(world& of, int number) {
  of.sim.time().after(1s, [&of, number] {
    const draft patch = draft::make_object({{"data", draft::make_object({{"value", std::to_string(number)}})}});
    of.admin().merge(client::configmaps, "default", "register-0", patch);
    write_again_and_again(of, number + 1);
  });
}

TEST_CASE("a controller that does not stop writing is found") {
  auto plan = small("quiet");
  plan.checkers = {"converges", "quiet"};
  plan.quiet = std::chrono::seconds{5};
  const auto well = run_small(plan, {});
  INFO(text_of(well.violations));
  CHECK(well.violations.empty());
  CHECK(found_by(run_small(plan, {}, [](world& of) { of.sim.time().after(10s, [&of] { write_again_and_again(of, 1); }); }), "quiet"));
}

// ---- the order of reads and writes -----------------------------------------------------------------------

using what = operation::what;

TEST_CASE("histories that have an order, and histories that have none") {
  const operation one{what::write, "k", "a", 10, 0, 5, "x"}, two{what::write, "k", "b", 20, 6, 9, "x"};
  const operation fresh{what::read, "k", "b", 20, 10, 12, "y"}, beside{what::read, "k", "a", 10, 7, 8, "y"};
  const operation stale{what::read, "k", "a", 10, 10, 12, "y"}, invented{what::read, "k", "c", 15, 7, 8, "y"};
  const operation wrong{what::read, "k", "z", 20, 10, 12, "y"}, double_write{what::write, "k", "d", 20, 6, 9, "z"};
  CHECK(check_linearizable({one, two, fresh, beside}, {}).empty());
  CHECK(check_linearizable({one, two, invented}, {"c"}).empty());
  CHECK_FALSE(check_linearizable({one, two, stale}, {}).empty());
  CHECK_FALSE(check_linearizable({one, two, invented}, {}).empty());
  CHECK_FALSE(check_linearizable({one, two, wrong}, {}).empty());
  CHECK_FALSE(check_linearizable({one, two, double_write}, {}).empty());
}

} // namespace
