// Roles that come and go below supervisors that come and go.
#include "runtime/host/local_roles.hpp"

#include "tests/unit/runtime/test_system.hpp"

#include <catch2/catch.hpp>

#include <future>

using namespace runtime;
using namespace runtime::host;
using strings = std::vector<std::string>;

namespace {

struct fixture : test_system {
  std::map<std::string, int> starts;
  strings taken_back;
  std::vector<caf::actor> supervisors;
  local_roles roles{
    [this](const placement::role_instance& role, tenure_ptr tenure) {
      return supervision::child_spec{.id = role.id, .role = role.role, .start = [this, id = role.id, tenure] {
                                       ++starts[id];
                                       auto actor = sys.spawn([](caf::event_based_actor*) -> caf::behavior {
                                         return {[](const tenure_changed&) {}};
                                       });
                                       auto handle = caf::actor_cast<caf::strong_actor_ptr>(actor);
                                       if (tenure)
                                         tenure->attach(handle);
                                       return handle;
                                     }};
    },
    [](const std::string& role) {
      if (role == "unknown")
        throw std::invalid_argument("unknown role");
      return start_phase::scheduler;
    },
    [this](const placement::role_instance& role) -> local_roles::way_back {
      return {[this, id = role.id] { taken_back.push_back(id); }, role.id.starts_with("quick")};
    }};

  static placement::role_instance role(const std::string& id) {
    return {.id = id, .role = "scheduler", .host = "host-a", .hosts = {}, .log_level = "info", .settings = {}};
  }

  /// As the tree does: the children first, then the supervisor is told of.
  void start_supervisor() {
    auto children = roles.children(start_phase::scheduler);
    begin_supervisor(std::move(children));
  }
  void begin_supervisor(std::vector<supervision::child_spec> children) {
    supervisors.push_back(supervision::spawn(sys, {.id = "group", .children = std::move(children)}));
    roles.supervisor_started(start_phase::scheduler, supervisors.back());
    run();
  }

  ~fixture() {
    for (auto& one : supervisors)
      caf::anon_send_exit(one, caf::exit_reason::kill);
    supervisors.clear();
    roles.supervisor_started(start_phase::scheduler, nullptr);
    run();
  }
};

} // namespace

TEST_CASE("a role is started whenever its supervisor comes: before, while and after it starts") {
  fixture f;
  f.roles.start(f.role("before"), nullptr);
  auto children = f.roles.children(start_phase::scheduler);
  f.roles.start(f.role("while"), nullptr); // the supervisor's children are decided, and it is not known yet
  f.begin_supervisor(std::move(children));
  f.roles.start(f.role("after"), nullptr);
  f.run();
  CHECK(f.starts == std::map<std::string, int>{{"before", 1}, {"while", 1}, {"after", 1}});
  f.roles.start(f.role("after"), nullptr); // runs already
  f.run();
  CHECK(f.starts["after"] == 1);
}

TEST_CASE("a supervisor that is restarted starts all roles of the moment") {
  fixture f;
  f.start_supervisor();
  f.roles.start(f.role("a"), nullptr);
  f.roles.start(f.role("b"), nullptr);
  f.run();
  f.roles.stop("a", false, [] {});
  f.run();
  caf::anon_send_exit(f.supervisors[0], caf::exit_reason::kill);
  f.run();
  f.start_supervisor();
  CHECK(f.starts == std::map<std::string, int>{{"a", 1}, {"b", 2}});
}

TEST_CASE("the owner of a role is its instance, across restarts of its actor") {
  fixture f;
  f.start_supervisor();
  auto tenure = std::make_shared<host::tenure>();
  f.roles.start(f.role("a"), tenure);
  f.run();
  CHECK_FALSE(tenure->active());
  CHECK(tenure->grant(7));
  CHECK(tenure->active());
  tenure->lose(6); // of an earlier tenure: nothing
  CHECK(tenure->epoch() == 7);
  f.roles.stop("a", false, [] {});
  CHECK_FALSE(tenure->active()); // at once, not when it has ended
}

TEST_CASE("an instance that is warm before it is attached stays so, until its actor is started again") {
  fixture f;
  host::tenure tenure;
  tenure.begin();
  tenure.mark_synced(); // on another thread, while its maker still holds the handle
  tenure.attach(nullptr);
  CHECK(tenure.synced());
  tenure.begin();
  CHECK_FALSE(tenure.synced());
}

TEST_CASE("what a role left is taken back when it goes for good, not when it is stopped") {
  fixture f;
  f.start_supervisor();
  f.roles.start(f.role("a"), nullptr);
  f.roles.start(f.role("b"), nullptr);
  f.run();
  bool ended_a = false, ended_never = false;
  std::promise<void> ended_b; // taken back on a thread of its own
  f.roles.stop("a", false, [&] { ended_a = true; });
  f.roles.stop("b", true, [&] { ended_b.set_value(); });
  f.roles.stop("never", true, [&] { ended_never = true; });
  f.run();
  CHECK(ended_a);
  CHECK(ended_never);
  REQUIRE(ended_b.get_future().wait_for(std::chrono::seconds{10}) == std::future_status::ready);
  CHECK(f.taken_back == strings{"b"});
  CHECK(f.roles.running().empty());
  bool ended_quick = false;
  f.roles.start(f.role("quick"), nullptr);
  f.run();
  f.roles.stop("quick", true, [&] { ended_quick = f.taken_back.size() == 2; });
  f.run();
  CHECK(ended_quick); // without a thread
}

TEST_CASE("an unknown role is refused") {
  fixture f;
  auto wrong = f.role("x");
  wrong.role = "unknown";
  CHECK_THROWS_AS(f.roles.start(wrong, nullptr), std::invalid_argument);
  CHECK(f.roles.running().empty());
}
