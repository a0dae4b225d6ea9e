// Former owners of singleton roles are refused by every apiserver at every shard, and a takeover is answered when that is so.
#include "tests/unit/actors/apiserver/several/fixture.hpp"

#include <catch2/catch.hpp>

#include <random>

#include "actors/apiserver/fencing/fence_table.hpp"
#include "runtime/protocols/store.hpp"

using namespace apiserver_samples;
namespace fencing = actors::apiserver::fencing;

namespace {

/// Raises an epoch at a shard as some other apiserver would.
void raise(cluster& c, const std::string& shard, const std::string& role, int64_t epoch) {
  runtime::protocols::store::FenceRequestT content;
  content.role = role;
  content.epoch = epoch;
  auto handle = caf::actor_cast<runtime::protocols::store_actor>(c.shards.at(shard));
  auto pending = c.self->request(handle, cluster::answer_max, runtime::protocols::store::fence_request{content});
  c.run();
  pending.receive([&](const runtime::protocols::store::fence_reply& reply) { CHECK(reply->epoch() == epoch); },
                  [](caf::error&) { FAIL("not raised"); });
}

} // namespace

TEST_CASE("the table of fences knows what each shard has still to be told") {
  fencing::fence_table table;
  CHECK(table.note({"scheduler", 2}));
  CHECK_FALSE(table.note({"scheduler", 1}));
  CHECK(table.note({"controllers/job", 1}));
  CHECK(table.due("main") == std::vector<fencing::claim>{{"controllers/job", 1}, {"scheduler", 2}});
  table.confirm("main", {"scheduler", 3}); // the shard knew a newer one
  CHECK(table.due("main") == std::vector<fencing::claim>{{"controllers/job", 1}});
  CHECK(table.confirmed("main", {"scheduler", 2}));
  CHECK_FALSE(table.confirmed("pods", {"scheduler", 2}));
  CHECK(table.note({"scheduler", 4}));
  CHECK_FALSE(table.confirmed("main", {"scheduler", 4}));
  table.forget("main");
  CHECK(table.due("main").size() == 2);
}

TEST_CASE("a write of a former owner is refused with both epochs, at each shard and after its restart") {
  cluster c;
  for (const auto& [shard, engine] : c.engines)
    raise(c, shard, "scheduler", 5);
  const auto check = [&] {
    for (const std::string host : {"a", "b"}) {
      const auto refused = c.create(host, config_maps, config_map("x"), {"scheduler", 4});
      CHECK(refused.code == 409);
      CHECK(refused.fenced);
      CHECK(refused.reason() == "Conflict");
      CHECK_THAT(refused.message(), Catch::Contains("epoch 4 of role \"scheduler\" is over") && Catch::Contains("epoch 5"));
      CHECK(c.create(host, leases, lease("x"), {"scheduler", 1}).fenced);
    }
  };
  check();
  for (const std::string shard : {"main", "leases"}) {
    c.kill_shard(shard);
    c.start_shard(shard);
  }
  c.settle();
  check();
  const auto done = c.create("a", config_maps, config_map("x"), {"scheduler", 5});
  CHECK(done.code == 201);
  CHECK_FALSE(done.fenced);
  CHECK(c.create("b", leases, lease("x"), {"controllers/job", 1}).code == 201);
}

namespace {

draft role_object(std::string_view id, std::string_view name) {
  return json(std::string{R"({"apiVersion":"troupe.dev/v1","kind":"Role","metadata":{"name":")"} + std::string{name} +
              R"("},"spec":{"role":")" + std::string{id} + R"(","hosts":["a","b"]}})");
}

/// The status under which `host` owns the role from `epoch` on.
protocol::write_request claim_of(cluster& c, draft role, std::string_view host, int64_t epoch) {
  role.set("status", draft::make_object({{"host", host}, {"epoch", epoch}, {"phase", "Running"}}));
  const std::string name{role.get("metadata").get("name").str()};
  return c.request(protocol::Verb::update, roles, name, role, {}, "status");
}

} // namespace

TEST_CASE("a takeover is answered when every shard refuses the former owner, through every apiserver") {
  cluster c;
  const auto role = role_object("scheduler", "scheduler");
  REQUIRE(c.create("a", roles, role).code == 201);
  CHECK(c.answer(c.post("a", claim_of(c, role, "a", 1))).code == 200);
  CHECK(c.create("b", leases, lease("first"), {"scheduler", 1}).code == 201);
  CHECK(c.answer(c.post("b", claim_of(c, role, "b", 2))).code == 200);
  for (const auto& [shard, engine] : c.engines)
    CHECK(engine->fence("scheduler") == 2);
  CHECK(c.create("a", leases, lease("second"), {"scheduler", 1}).fenced);
  CHECK(c.create("a", leases, lease("second"), {"scheduler", 2}).code == 201);
  // An epoch never goes back, also when the object was deleted in between.
  CHECK(c.answer(c.post("a", claim_of(c, role, "a", 1))).code == 422);
  CHECK(c.write("a", protocol::Verb::delete_one, roles, "scheduler", {}).code == 200);
  REQUIRE(c.create("a", roles, role).code == 201);
  const auto refused = c.answer(c.post("a", claim_of(c, role, "a", 1)));
  CHECK(refused.code == 409);
  CHECK_FALSE(refused.fenced);
  CHECK_THAT(refused.message(), Catch::Contains("epoch 1 of role \"scheduler\" is over, epoch 2 is in force"));
  CHECK(c.answer(c.post("a", claim_of(c, role, "a", 3))).code == 200);
}

TEST_CASE("a shard that was away during a takeover is told before it is written to") {
  cluster c({"a"});
  const auto role = role_object("controllers/job", "controllers.job");
  REQUIRE(c.create("a", roles, role).code == 201);
  REQUIRE(c.answer(c.post("a", claim_of(c, role, "a", 1))).code == 200);
  c.cut("a", "leases");
  CHECK(c.answer(c.post("a", claim_of(c, role, "a", 2))).code == 200); // not connected: not waited for
  CHECK(c.engines.at("leases")->fence("controllers/job") == 1);
  auto late = c.post("a", c.request(protocol::Verb::create, leases, "x", lease("x"), {"controllers/job", 1}));
  c.join("a", "leases");
  c.settle();
  CHECK(c.answer(late).fenced);
  CHECK(c.engines.at("leases")->fence("controllers/job") == 2);
  CHECK(c.engines.at("leases")->current() == 0);
}

TEST_CASE("a shard that hangs holds a takeover up until its deadline, then the claimant is asked to try again") {
  cluster c({"a"});
  const auto role = role_object("scheduler", "scheduler");
  REQUIRE(c.create("a", roles, role).code == 201);
  // An actor that takes every request and answers none stands in for the shard.
  auto hanging = c.sys.spawn([](caf::event_based_actor* self) -> caf::behavior {
    auto kept = std::make_shared<std::vector<caf::response_promise>>();
    self->set_default_handler([=](caf::scheduled_actor*, caf::message_view&) -> caf::result<caf::message> {
      kept->push_back(self->make_response_promise());
      return kept->back();
    });
    return {[](caf::unit_t) {}};
  });
  const auto real = c.shards.at("leases");
  c.shards["leases"] = caf::actor_cast<caf::strong_actor_ptr>(hanging);
  c.join("a", "leases");
  c.run();
  auto pending = c.post("a", claim_of(c, role, "a", 1));
  for (int i = 0; i < 25; ++i)
    c.advance(100ms);
  const auto late = c.answer(pending);
  CHECK(late.code == 503);
  CHECK_THAT(late.message(), Catch::Contains("epoch 1") && Catch::Contains("leases"));
  c.shards["leases"] = real;
  c.join("a", "leases");
  c.settle();
  CHECK(c.answer(c.post("a", claim_of(c, role, "a", 1))).code == 200); // the same again, nothing to write
  CHECK(c.engines.at("leases")->fence("scheduler") == 1);
  c.kill(hanging.address());
}

TEST_CASE("many writers against takeovers: no write of an old epoch lands after the new one was acknowledged") {
  for (unsigned seed = 0; seed < 20; ++seed) {
    cluster c;
    std::mt19937 random(seed);
    const auto role = role_object("scheduler", "scheduler");
    REQUIRE(c.create("a", roles, role).code == 201);
    REQUIRE(c.answer(c.post("a", claim_of(c, role, "a", 1))).code == 200);
    int serial = 0;
    std::map<std::string, int64_t> epoch_of; // of each lease that was asked for
    for (int64_t epoch = 2; epoch < 6; ++epoch) {
      std::vector<decltype(c.post("a", claim_of(c, role, "a", 1)))> writes;
      const auto write = [&] {
        const auto name = "x" + std::to_string(serial++);
        epoch_of["/leases/default/" + name] = epoch - 1;
        writes.push_back(c.post(random() % 2 ? "a" : "b", c.request(protocol::Verb::create, leases, name, lease(name), {"scheduler", epoch - 1})));
      };
      for (int i = 0; i < 10; ++i)
        write();
      int64_t acknowledged = -1; // the shard's revision when the takeover was
      bool answered = false;
      auto takeover = c.sys.spawn([&, target = c.at(random() % 2 ? "a" : "b"), message = claim_of(c, role, "b", epoch)](caf::event_based_actor* self) {
        self->request(target, cluster::answer_max, message).then([&](const protocol::write_reply& reply) {
          answered = reply->code() == 200;
          acknowledged = c.engines.at("leases")->current();
        });
      });
      for (auto steps = random() % 40; steps > 0 && c.scheduler().try_run_once(); --steps)
        if (random() % 4 == 0)
          write();
      if (random() % 3 == 0) {
        c.kill_shard("leases");
        c.start_shard("leases");
      }
      c.settle();
      REQUIRE(answered);
      for (int i = 0; i < 5; ++i)
        write();
      size_t fenced = 0;
      for (auto& item : writes)
        fenced += c.answer(item).fenced;
      CHECK(fenced >= 5);
      for (const auto& change : c.engines.at("leases")->changes(acknowledged, 10'000).changes)
        CHECK(epoch_of.at(change.key) >= epoch);
    }
  }
}
