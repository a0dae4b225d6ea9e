// The supervision tree of a host under CAF's test coordinator: order of start and stop, readiness, failures.
#include "runtime/host/tree.hpp"
#include "runtime/telemetry/metered.hpp"

#include "tests/unit/runtime/test_system.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace runtime;
using namespace runtime::host;
using namespace std::chrono_literals;
using strings = std::vector<std::string>;

namespace {

strings events;

/// Ends with the actor's state, as a role's files and ports do.
struct lifetime {
  std::string id;
  ~lifetime() {
    if (!id.empty())
      events.push_back("-" + id);
  }
};

caf::behavior run_role(caf::stateful_actor<lifetime, telemetry::metered<caf::event_based_actor>>* self,
                       const role_context& ctx) {
  self->state.id = ctx.id;
  events.push_back("+" + ctx.id);
  return {[](const std::string& text) { throw std::runtime_error(text); },
          [=](int) { announce_ready(ctx, caf::actor_cast<caf::strong_actor_ptr>(self)); }};
}

caf::strong_actor_ptr spawn_role(caf::actor_system& system, const role_context& ctx) {
  return caf::actor_cast<caf::strong_actor_ptr>(system.spawn(run_role, ctx));
}

const std::vector<role_descriptor> known{
  {.spec = {.name = "store", .naming = placement::instance_naming::per_shard}, .phase = start_phase::store, .spawn = spawn_role},
  {.spec = {.name = "apiserver"}, .phase = start_phase::apiserver, .ready = readiness::when_registered,
   .start_failure_is_fatal = true, .spawn = spawn_role},
  {.spec = {.name = "scheduler"}, .phase = start_phase::scheduler, .spawn = spawn_role},
};

struct fixture : test_system {
  std::shared_ptr<telemetry::actor_table> table = std::make_shared<telemetry::actor_table>();
  int ready = 0;
  strings failures;
  caf::actor root;

  void begin(std::vector<placement::role_instance> roles) {
    events.clear();
    tree_inputs inputs{.host = "host-a", .roles = std::move(roles), .data = "/data", .known = known, .table = table};
    inputs.clock = std::make_shared<seams::manual_clock>();
    inputs.random = std::make_shared<seams::seeded_random>(1);
    inputs.on_ready = [this] { ++ready; };
    inputs.on_failure = [this](const role_descriptor&, const std::string& id, const std::string& text) {
      failures.push_back(id + ": " + text);
    };
    root = supervision::spawn(sys, build_tree(sys, inputs));
    run();
  }

  template <class Message>
  void tell(const std::string& id, const Message& message) {
    caf::anon_send(caf::actor_cast<caf::actor>(table->handle_of(id)), message);
    run();
  }

  ~fixture() {
    caf::anon_send_exit(root, caf::exit_reason::kill);
    root = nullptr;
    run();
  }
};

std::vector<placement::role_instance> roles() {
  return {{.id = "scheduler", .role = "scheduler", .host = "host-a"},
          {.id = "apiserver/host-a", .role = "apiserver", .host = "host-a"},
          {.id = "store/main", .role = "store", .host = "host-a"},
          {.id = "store/pods", .role = "store", .host = "host-a"}};
}

} // namespace

TEST_CASE("roles start phase by phase and stop the other way round") {
  fixture f;
  f.begin(roles());
  CHECK(events == strings{"+store/main", "+store/pods", "+apiserver/host-a", "+scheduler"});
  events.clear();
  caf::anon_send_exit(f.root, caf::exit_reason::user_shutdown);
  f.run();
  REQUIRE(events.size() == 4);
  CHECK(events[0] == "-scheduler");
  CHECK(events[1] == "-apiserver/host-a");
  CHECK(f.failures.empty());
}

TEST_CASE("ready comes when the last role says that it serves, once") {
  fixture f;
  f.begin(roles());
  CHECK(f.ready == 0);
  CHECK(f.table->find("apiserver/host-a")->state == telemetry::actor_state::starting);
  CHECK(f.table->find("scheduler")->state == telemetry::actor_state::running);
  f.tell("apiserver/host-a", 1);
  CHECK(f.ready == 1);
  CHECK(f.table->find("apiserver/host-a")->state == telemetry::actor_state::running);
  f.tell("apiserver/host-a", std::string{"boom"});
  CHECK(f.table->find("apiserver/host-a")->state == telemetry::actor_state::starting);
  f.tell("apiserver/host-a", 1);
  CHECK(f.table->find("apiserver/host-a")->state == telemetry::actor_state::running);
  CHECK(f.ready == 1);
  CHECK(f.failures == strings{"apiserver/host-a: boom"});
}

TEST_CASE("a failed role restarts alone") {
  fixture f;
  f.begin(roles());
  events.clear();
  f.tell("store/pods", std::string{"boom"});
  CHECK(events == strings{"-store/pods", "+store/pods"});
  CHECK(f.table->find("store/pods")->last_failure == "boom");
}

TEST_CASE("a directory that fails takes the roles with it, and they register with its successor") {
  fixture f;
  f.begin(roles());
  f.tell("apiserver/host-a", 1);
  events.clear();
  telemetry::send_failure(f.table->handle_of("directory"), "by hand");
  f.run();
  CHECK(events.size() == 8);
  CHECK(events.back() == "+scheduler");
  CHECK(f.table->find("directory")->restarts() == 1);
  CHECK(f.table->find("scheduler")->state == telemetry::actor_state::running);
  CHECK(f.table->find("scheduler")->last_failure == "");
  f.tell("apiserver/host-a", 1);
  CHECK(f.ready == 2);
}

TEST_CASE("the end of the readiness watcher takes nothing with it") {
  fixture f;
  f.begin(roles());
  events.clear();
  telemetry::send_failure(f.table->handle_of("readiness"), "by hand");
  f.run();
  CHECK(events.empty());
  f.tell("apiserver/host-a", 1);
  CHECK(f.ready == 1);
}

TEST_CASE("every actor of the tree is in the table") {
  fixture f;
  f.begin(roles());
  strings ids;
  for (auto& row : f.table->rows())
    ids.push_back(row.id);
  CHECK(ids == strings{"apiserver/host-a", "directory", "readiness", "scheduler", "store/main", "store/pods",
                       "supervisor/apiserver", "supervisor/controllers", "supervisor/keeper", "supervisor/kubelet",
                       "supervisor/proxy", "supervisor/scheduler", "supervisor/store"});
}

TEST_CASE("an unknown role is refused when the tree is built") {
  test_system system;
  tree_inputs inputs{.host = "a", .roles = {{.id = "x", .role = "x"}}, .known = known};
  CHECK_THROWS_AS(build_tree(system.sys, inputs), std::invalid_argument);
}

TEST_CASE("the table knows the tree: parents, strategies, the order of the start") {
  fixture f;
  f.begin(roles());
  strings drawn;
  for (auto& item : f.table->tree())
    drawn.push_back(item.parent + " > " + item.row.id + (item.strategy.empty() ? "" : " " + item.strategy));
  CHECK(std::find(drawn.begin(), drawn.end(), "supervisor > directory") < std::find(drawn.begin(), drawn.end(), "supervisor > readiness"));
  for (auto line : {"supervisor > supervisor/store one_for_one", "supervisor/store > store/main", "supervisor/scheduler > scheduler"}) {
    INFO(line);
    CHECK(std::count(drawn.begin(), drawn.end(), line) == 1);
  }
}
