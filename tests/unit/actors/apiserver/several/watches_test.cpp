// Watches and page tokens that move from one apiserver to another.
#include "tests/unit/actors/apiserver/several/fixture.hpp"

#include <catch2/catch.hpp>

#include "actors/client/api_client.hpp"
#include "runtime/transport/ask.hpp"

using namespace apiserver_samples;
namespace client = actors::client;

namespace {

/// Owns an api_client that watches ConfigMaps, and notes what it hears.
class listener : public client::consumer_actor::base {
public:
  listener(caf::actor_config& config, const runtime::host::role_context& context, std::string field_selector)
      : client::consumer_actor::base(config), fields(std::move(field_selector)), api(this, context, client::identity{"admin", {"system:masters"}}) {}

  behavior_type make_behavior() override {
    maps = &api.watch(client::configmaps, {.field_selector = fields});
    maps->on_change([this](const std::string& key, const client::entry* before, const client::entry* after) {
      heard.push_back((before == nullptr ? "+" : after == nullptr ? "-" : "~") + key);
    });
    api.on_active([this] { active_at.push_back(maps->revision()); });
    api.start();
    return {
      [this](const client::protocol::watch_batch& x) { api.receive(x); },
      [this](const runtime::directory::role_up& x) { api.receive(x); },
      [this](const runtime::directory::role_down& x) { api.receive(x); },
      [this](const runtime::host::tenure_changed& x) { api.receive(x); },
      [this](const client::wake& x) { api.receive(x); },
    };
  }

  std::string fields;
  client::api_client api;
  client::object_cache* maps = nullptr;
  std::vector<std::string> heard;
  std::vector<int64_t> active_at;
};

/// A host without an apiserver, whose client takes those of the others.
struct with_client : cluster {
  runtime::directory::handle directory = runtime::directory::spawn(sys, "c", {});
  runtime::host::tenure_ptr tenure;
  client::consumer_actor handle;
  listener* user = nullptr;

  explicit with_client(runtime::host::tenure_ptr owner = nullptr, const std::string& fields = "") : tenure(std::move(owner)) {
    runtime::host::role_context own;
    own.id = "controllers/test";
    own.host = "c";
    own.directory = directory;
    own.clock = clock;
    own.tenure = tenure;
    handle = sys.spawn<listener>(own, fields);
    user = static_cast<listener*>(caf::actor_cast<caf::abstract_actor*>(handle));
    reach("a");
  }
  ~with_client() {
    kill(handle.address());
    kill(directory.address());
  }
  void reach(const std::string& host) {
    caf::anon_send(directory, runtime::directory::register_role{"apiserver/" + host, servers.at(host).actor, ""});
    settle();
  }
  void lose(const std::string& host) {
    caf::anon_send(directory, runtime::directory::withdraw_role{"apiserver/" + host});
    run();
  }
};

/// Watches ConfigMaps, notes the batches and acknowledges nothing by itself.
struct silent_watcher {
  struct batch {
    size_t events;
    bool acknowledge;
  };
  std::shared_ptr<std::vector<batch>> batches = std::make_shared<std::vector<batch>>();
  caf::actor handle;

  silent_watcher(cluster& c, const std::string& host) {
    handle = c.sys.spawn([server = c.at(host), heard = batches](caf::event_based_actor* self) -> caf::behavior {
      protocol::WatchRequestT content;
      content.identity = std::make_unique<protocol::IdentityT>();
      content.identity->user = "admin";
      content.identity->groups = {"system:masters"};
      content.target = std::make_unique<protocol::TargetT>();
      content.target->version = "v1";
      content.target->resource = "configmaps";
      content.watch_id = 1;
      runtime::transport::ask(self, server, 5s, protocol::watch_request{content}, [](const protocol::watch_reply&) {}, [](caf::error&) {});
      return {
        [heard](const protocol::watch_batch& sent) { heard->push_back({sent->events() == nullptr ? 0 : sent->events()->size(), sent->acknowledge()}); },
        [self, server](int32_t count) {
          protocol::WatchAckT ack;
          ack.watch_id = 1;
          ack.batches = count;
          runtime::transport::tell(self, server, protocol::watch_ack{ack});
        },
      };
    });
    c.settle();
  }
  void acknowledge(cluster& c, int32_t count) {
    caf::anon_send(handle, count);
    c.settle();
  }
};

} // namespace

TEST_CASE("a watcher is asked for an acknowledgement now and then, and without any is sent no more than the window takes") {
  using actors::apiserver::apiserver;
  cluster c;
  silent_watcher watcher(c, "a");
  REQUIRE(watcher.batches->size() == 1); // the present state, of nothing
  int made = 0;
  const auto create = [&](int count) {
    for (int i = 0; i < count; ++i)
      CHECK(c.create("a", config_maps, config_map("map-" + std::to_string(made++))).code == 201);
  };
  create(static_cast<int>(apiserver::batches_in_flight_max) + 5);
  REQUIRE(watcher.batches->size() == apiserver::batches_in_flight_max);
  for (size_t i = 0; i < watcher.batches->size(); ++i)
    CHECK(watcher.batches->at(i).acknowledge == ((i + 1) % apiserver::batches_per_ack == 0));
  // With room again it is sent what has gathered, in one batch.
  watcher.acknowledge(c, static_cast<int32_t>(apiserver::batches_per_ack));
  REQUIRE(watcher.batches->size() == apiserver::batches_in_flight_max + 1);
  CHECK(watcher.batches->back().events == 6);
  // One that acknowledges each by itself, or more than there were, is served as well.
  create(static_cast<int>(apiserver::batches_per_ack));
  CHECK(watcher.batches->size() == apiserver::batches_in_flight_max + apiserver::batches_per_ack);
  watcher.acknowledge(c, 1);
  watcher.acknowledge(c, 1'000);
  create(2);
  CHECK(watcher.batches->back().events == 1);
  c.kill(caf::actor_cast<caf::actor_addr>(watcher.handle));
}

TEST_CASE("a watch that moves to another apiserver hears every change once and in order") {
  with_client c;
  CHECK(c.create("a", config_maps, config_map("one")).code == 201);
  c.lose("a");
  CHECK(c.create("a", config_maps, config_map("two")).code == 201);
  CHECK(c.write("a", protocol::Verb::update, config_maps, "one", config_map("one", "2")).code == 200);
  c.reach("b");
  CHECK(c.create("b", config_maps, config_map("three")).code == 201);
  CHECK(c.user->heard == std::vector<std::string>{"+default/one", "+default/two", "~default/one", "+default/three"});
}

TEST_CASE("a watch of one object hears each of its changes, whatever else changes, also from another apiserver") {
  with_client c{nullptr, "metadata.name=mine"};
  const auto others = [&](const std::string& server, const std::string& prefix) {
    for (int i = 0; i < 20; ++i)
      CHECK(c.create(server, config_maps, config_map(prefix + std::to_string(i))).code == 201);
  };
  others("a", "before-");
  CHECK(c.create("a", config_maps, config_map("mine")).code == 201);
  others("b", "between-");
  CHECK(c.write("b", protocol::Verb::update, config_maps, "mine", config_map("mine", "2")).code == 200);
  c.lose("a");
  others("b", "meanwhile-");
  CHECK(c.write("b", protocol::Verb::update, config_maps, "mine", config_map("mine", "3")).code == 200);
  c.reach("b");
  others("a", "after-");
  CHECK(c.write("a", protocol::Verb::update, config_maps, "mine", config_map("mine", "4")).code == 200);
  CHECK(c.user->heard == std::vector<std::string>{"+default/mine", "~default/mine", "~default/mine", "~default/mine"});
}

TEST_CASE("a watch that is ahead of its new apiserver goes on when that one has caught up") {
  with_client c;
  c.cut("b", "main");
  CHECK(c.create("a", config_maps, config_map("one")).code == 201);
  c.lose("a");
  c.reach("b"); // which knows nothing of "one" yet
  c.join("b", "main");
  c.settle();
  CHECK(c.create("a", config_maps, config_map("two")).code == 201);
  c.settle();
  CHECK(c.user->heard == std::vector<std::string>{"+default/one", "+default/two"});
}

TEST_CASE("a watch resumes at an apiserver that was restarted in between, from the shard's history") {
  with_client c;
  CHECK(c.create("a", config_maps, config_map("one")).code == 201);
  c.lose("a");
  CHECK(c.create("b", config_maps, config_map("two")).code == 201);
  c.kill(caf::actor_cast<caf::actor_addr>(c.servers.at("a").actor));
  c.start_server("a");
  c.settle();
  c.reach("a");
  CHECK(c.user->heard == std::vector<std::string>{"+default/one", "+default/two"});
}

TEST_CASE("a new owner on another apiserver has seen its predecessor's last write when it becomes active") {
  with_client c(std::make_shared<runtime::host::tenure>());
  c.cut("a", "main"); // what b writes does not reach the client's watch
  CHECK(c.create("b", config_maps, config_map("last"), {"controllers/test", 1}).code == 201);
  c.tenure->grant(2);
  caf::anon_send(c.handle, runtime::host::tenure_changed{2});
  c.settle();
  CHECK(c.user->active_at.empty());
  c.join("a", "main");
  c.settle();
  c.advance(client::api_client::progress_deadline);
  c.settle();
  REQUIRE(c.user->active_at.size() == 1);
  CHECK(c.user->heard == std::vector<std::string>{"+default/last"});
  CHECK(c.user->active_at.front() >= c.engines.at("main")->current());
}
