// Writes whose shard dies, or whose link is lost, before the answer.
#include "tests/unit/actors/apiserver/several/fixture.hpp"

#include <catch2/catch.hpp>

using namespace apiserver_samples;

namespace {

int64_t revision_of(cluster& c, const std::string& shard) { return c.engines.at(shard)->current(); }

/// The shard is back, and host `away` does not reach it yet.
void restart_main(cluster& c, const std::string& away = "") {
  c.start_shard("main");
  if (!away.empty())
    c.cut(away, "main");
  c.settle();
}

} // namespace

TEST_CASE("a create that landed in a shard that died at once is answered as done") {
  cluster c;
  auto pending = c.post_and_lose_answer("a", c.request(protocol::Verb::create, config_maps, "x", config_map("x")));
  restart_main(c);
  const auto done = c.answer(pending);
  CHECK(done.code == 201);
  CHECK(done.revision == revision_of(c, "main"));
}

TEST_CASE("a create that landed and was changed by somebody else is still no conflict") {
  cluster c;
  auto pending = c.post_and_lose_answer("a", c.request(protocol::Verb::create, config_maps, "x", config_map("x")));
  restart_main(c, "a");
  CHECK(c.write("b", protocol::Verb::update, config_maps, "x", config_map("x", "2")).code == 200);
  c.join("a", "main");
  c.settle();
  const auto done = c.answer(pending);
  CHECK(done.code == 201);
  CHECK(done.object.get("data").get("value").str() == "1");
  CHECK(done.revision == revision_of(c, "main") - 1);
}

TEST_CASE("a create with a generated name makes one object, at whichever step the shard dies") {
  for (int steps = 0; steps < 8; ++steps) {
    cluster c;
    auto object = config_map("");
    object["metadata"].erase("name");
    object["metadata"].set("generateName", "x-");
    const auto before = revision_of(c, "main");
    auto pending = c.post("a", c.request(protocol::Verb::create, config_maps, "", object));
    int done = 0;
    c.step_until([&] { return done++ == steps; });
    c.kill_shard("main");
    restart_main(c);
    INFO("after " << steps << " messages");
    CHECK(c.answer(pending).code == 201);
    CHECK(revision_of(c, "main") == before + 1);
  }
}

TEST_CASE("an update with a resourceVersion that landed is no conflict with itself") {
  cluster c;
  const auto first = c.create("a", config_maps, config_map("x"));
  auto object = config_map("x", "2");
  object["metadata"].set("resourceVersion", std::to_string(first.revision));
  auto pending = c.post_and_lose_answer("a", c.request(protocol::Verb::update, config_maps, "x", object));
  restart_main(c, "a");
  CHECK(c.write("b", protocol::Verb::update, config_maps, "x", config_map("x", "3")).code == 200);
  c.join("a", "main");
  c.settle();
  const auto done = c.answer(pending);
  CHECK(done.code == 200);
  CHECK(done.revision == first.revision + 1);
}

TEST_CASE("an update that did not land and is out of date by then is a conflict") {
  cluster c;
  const auto first = c.create("a", config_maps, config_map("x"));
  c.cut("a", "main");
  auto object = config_map("x", "2");
  object["metadata"].set("resourceVersion", std::to_string(first.revision));
  auto pending = c.post("a", c.request(protocol::Verb::update, config_maps, "x", object));
  c.run();
  CHECK(c.write("b", protocol::Verb::update, config_maps, "x", config_map("x", "3")).code == 200);
  c.join("a", "main");
  c.settle();
  const auto refused = c.answer(pending);
  CHECK(refused.code == 409);
  CHECK_FALSE(refused.fenced);
}

TEST_CASE("a delete that landed is answered as done") {
  cluster c;
  CHECK(c.create("a", config_maps, config_map("x")).code == 201);
  auto pending = c.post_and_lose_answer("a", c.request(protocol::Verb::delete_one, config_maps, "x", {}));
  restart_main(c);
  CHECK(c.answer(pending).code == 200);
}

TEST_CASE("a write whose shard stays away ends in time and says what is known") {
  cluster c;
  auto stored = c.post_and_lose_answer("a", c.request(protocol::Verb::create, config_maps, "x", config_map("x")));
  auto waiting = c.post("a", c.request(protocol::Verb::create, config_maps, "y", config_map("y")));
  for (int i = 0; i < 110; ++i)
    c.advance(100ms);
  const auto unknown = c.answer(stored);
  CHECK(unknown.code == 504);
  CHECK_THAT(unknown.message(), Catch::Contains("may or may not"));
  CHECK(c.answer(waiting).code == 504);
  c.start_shard("main");
  c.settle();
  CHECK(c.create("a", config_maps, config_map("y")).code == 201);
}
