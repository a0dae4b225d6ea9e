// The directory's messages: who sends what to whom.
#include "runtime/directory/directory.hpp"
#include "runtime/directory/directory_state.hpp"

#include "tests/unit/runtime/test_system.hpp"

#include <catch2/catch.hpp>

using namespace runtime::directory;

namespace {

caf::behavior idle(caf::event_based_actor*) {
  return {[](int) {}};
}

struct fixture : test_system {
  handle dir = spawn(sys, "host-a", {});
  std::vector<std::string> seen;

  fixture() {
    run();
  }

  ~fixture() {
    kill(dir.address());
  }

  caf::strong_actor_ptr me() {
    return caf::actor_cast<caf::strong_actor_ptr>(self);
  }

  caf::actor role(const std::string& id, const std::string& host = {}) {
    auto actor = sys.spawn(idle);
    caf::anon_send(dir, register_role{id, caf::actor_cast<caf::strong_actor_ptr>(actor), host});
    run();
    return actor;
  }

  /// Everything pushed to this test so far.
  std::vector<std::string> pushed() {
    run();
    std::vector<std::string> result;
    bool more = true;
    while (more)
      self->receive([&](const role_up& up) { result.push_back("+" + up.id); },
                    [&](const role_down& down) { result.push_back("-" + down.id + " " + down.reason); },
                    caf::after(std::chrono::seconds(0)) >> [&] { more = false; });
    return result;
  }
};

using strings = std::vector<std::string>;

} // namespace

TEST_CASE("patterns match ids by exact name or by folder") {
  CHECK(matches("", "a/b"));
  CHECK(matches("a/", "a/b"));
  CHECK(matches("a/b", "a/b"));
  CHECK_FALSE(matches("a", "a/b"));
  CHECK_FALSE(matches("a/b", "a/bc"));
  CHECK(patterns_of("a/b/c") == strings{"", "a/", "a/b/", "a/b/c"});
}

TEST_CASE("a subscriber gets what is there and what changes") {
  fixture f;
  auto a = f.role("apiserver/a");
  auto other = f.role("apiservers");
  caf::anon_send(f.dir, subscribe{"apiserver/", f.me()});
  CHECK(f.pushed() == strings{"+apiserver/a"});
  auto b = f.role("apiserver/b");
  CHECK(f.pushed() == strings{"+apiserver/b"});
  f.kill(a.address());
  CHECK(f.pushed() == strings{"-apiserver/a kill"});
  caf::anon_send(f.dir, unsubscribe{"apiserver/", f.me()});
  f.kill(b.address());
  CHECK(f.pushed().empty());
  f.kill(other.address());
}

TEST_CASE("an actor with two matching patterns hears of a change once") {
  fixture f;
  caf::anon_send(f.dir, subscribe{"", f.me()});
  caf::anon_send(f.dir, subscribe{"scheduler", f.me()});
  auto a = f.role("scheduler");
  CHECK(f.pushed() == strings{"+scheduler"});
  f.kill(a.address());
  CHECK(f.pushed() == strings{"-scheduler kill"});
}

TEST_CASE("a successor replaces its predecessor, whose late end changes nothing") {
  fixture f;
  caf::anon_send(f.dir, subscribe{"scheduler", f.me()});
  auto a = f.role("scheduler");
  auto b = f.role("scheduler");
  CHECK(f.pushed() == strings{"+scheduler", "+scheduler"});
  f.kill(a.address());
  CHECK(f.pushed().empty());
  f.kill(b.address());
  CHECK(f.pushed() == strings{"-scheduler kill"});
}

TEST_CASE("losing a host takes its roles out, and only them") {
  fixture f;
  auto a = f.role("kubelet/a");
  auto b = f.role("kubelet/b", "host-b");
  caf::anon_send(f.dir, subscribe{"kubelet/", f.me()});
  CHECK(f.pushed() == strings{"+kubelet/a", "+kubelet/b"});
  caf::anon_send(f.dir, drop_host{"host-b", "link lost"});
  CHECK(f.pushed() == strings{"-kubelet/b link lost"});
  caf::anon_send(f.dir, withdraw_role{"kubelet/a"});
  CHECK(f.pushed() == strings{"-kubelet/a withdrawn"});
  f.kill(a.address());
  f.kill(b.address());
}

TEST_CASE("lookup answers with handles and hosts") {
  fixture f;
  auto a = f.role("store/pods");
  auto request = f.self->request(f.dir, std::chrono::seconds(1), lookup{"store/"});
  f.run();
  request.receive(
    [&](const lookup_reply& reply) {
      REQUIRE(reply.roles.size() == 1);
      CHECK(reply.roles[0].host == "host-a");
      CHECK(reply.roles[0].handle == caf::actor_cast<caf::strong_actor_ptr>(a));
    },
    [](caf::error& e) { FAIL(caf::to_string(e)); });
  f.kill(a.address());
}

TEST_CASE("a subscriber's end removes its subscriptions") {
  directory_state state;
  test_system system;
  auto who = caf::actor_cast<caf::strong_actor_ptr>(system.self);
  CHECK(state.add_subscription("a", who));
  CHECK_FALSE(state.add_subscription("a", who));
  CHECK(state.add_subscription("b/", who));
  CHECK(state.subscription_count == 2);
  state.forget_subscriber(caf::actor_cast<caf::actor_addr>(who));
  CHECK(state.subscription_count == 0);
  CHECK(state.subscriptions.empty());
}
