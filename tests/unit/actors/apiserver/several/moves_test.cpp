// A store shard that moves while it is written to and read: clients wait, and see no error.
#include "tests/unit/actors/apiserver/several/fixture.hpp"

#include <catch2/catch.hpp>

using namespace apiserver_samples;

namespace {

/// Shard main has a copy on another host, which takes it over.
struct moving_cluster : cluster {
  std::shared_ptr<storage::memory::memory_engine> copy = storage::memory::open({.as_copy = true});
  caf::strong_actor_ptr successor;
  bool serves = false;

  ~moving_cluster() {
    if (successor)
      kill(caf::actor_cast<caf::actor_addr>(successor));
    successor = nullptr;
  }

  void begin_move() {
    actors::store::shard_options options;
    options.shard = "main";
    options.host = "new";
    options.open = [this] { return copy; };
    options.own_threads = false;
    options.clock = clock;
    options.random = std::make_shared<runtime::seams::seeded_random>(1);
    options.find_source = [this](const caf::strong_actor_ptr& me) {
      caf::anon_send(caf::actor_cast<caf::actor>(me), runtime::directory::role_up{"store/main", shards.at("main"), "old", 0});
    };
    options.on_ready = [this](const caf::strong_actor_ptr&) { serves = true; };
    successor = caf::actor_cast<caf::strong_actor_ptr>(actors::store::spawn_shard(sys, options));
  }

  void announce(const std::string& host) {
    caf::anon_send(servers.at(host).directory, runtime::directory::register_role{"store/main", successor, "new", copy->owner().epoch});
  }
};

} // namespace

TEST_CASE("a write waits for the shard's successor, at whichever step of the move it comes") {
  for (int steps = 0; steps < 60; steps += 2) {
    CAPTURE(steps);
    moving_cluster c;
    REQUIRE(c.create("a", config_maps, config_map("before")).code == 201);
    c.begin_move();
    int done = 0;
    c.step_until([&] { return done++ == steps; });
    auto created = c.post("a", c.request(protocol::Verb::create, config_maps, "x", config_map("x")));
    auto updated = c.post("b", c.request(protocol::Verb::update, config_maps, "before", config_map("before", "2")));
    c.run();
    c.advance(500ms); // nobody serves, as far as the apiservers know
    REQUIRE(c.serves);
    c.announce("a");
    c.announce("b");
    c.settle();
    const auto first = c.answer(created);
    CHECK(first.code == 201);
    CHECK(c.answer(updated).code == 200);
    CHECK(c.copy->get("/configmaps/default/x")->modified == first.revision);
    // And it goes on there, also by an apiserver that hears of it late.
    CHECK(c.write("b", protocol::Verb::update, config_maps, "x", config_map("x", "3")).code == 200);
    CHECK(c.write("a", protocol::Verb::update, config_maps, "before", config_map("before", "3")).code == 200);
  }
}

TEST_CASE("a write whose shard's successor does not come ends with its deadline, and was not carried out") {
  moving_cluster c;
  c.begin_move();
  c.run();
  REQUIRE(c.serves);
  auto pending = c.post("a", c.request(protocol::Verb::create, config_maps, "x", config_map("x")));
  c.run();
  for (int i = 0; i < 50; ++i)
    c.advance(250ms);
  CHECK(c.answer(pending).code == 504);
  CHECK_FALSE(c.copy->get("/configmaps/default/x"));
}
