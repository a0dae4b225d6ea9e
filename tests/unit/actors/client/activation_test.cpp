// From standby to active: a new owner acts on nothing older than what its predecessor wrote. And which apiserver a client takes.
#include <set>

#include "tests/unit/actors/client/fixture.hpp"

using namespace client_samples;
using event = protocol::EventType;
using revisions = std::vector<int64_t>;

namespace {

struct fenced : fixture {
  runtime::host::tenure_ptr tenure;
  explicit fenced(runtime::host::tenure_ptr own = std::make_shared<runtime::host::tenure>()) : fixture(own), tenure(own) {}

  void own(int64_t epoch) {
    tenure->grant(epoch);
    caf::anon_send(handle, runtime::host::tenure_changed{epoch});
    run();
  }
  int write() {
    int code = 0;
    in_consumer([&] { user->api.remove(client::pods, "default", "x", {}, [&](const client::api_result& r) { code = r.code; }); });
    return code;
  }
};

} // namespace

TEST_CASE("a new owner is active when its caches have what was written before, not sooner", "[client]") {
  fenced f;
  auto& server = f.up("host-a");
  f.send(server, 9, {{event::added, 8, "a"}}, true);
  CHECK(f.user->synced == 1);
  CHECK(f.write() == 409);
  CHECK(server.progress_asked.empty());

  server.progress_revision = 12;
  f.own(3);
  CHECK(server.progress_asked == std::vector<uint64_t>{server.last_watch()->watch_id()});
  CHECK_FALSE(f.user->api.active());
  CHECK(f.write() == 409);
  f.send(server, 11, {{event::added, 11, "b"}});
  CHECK(f.user->active_at.empty());
  f.send(server, 12, {});
  CHECK(f.user->active_at == revisions{12});
  CHECK(f.user->api.active());
  CHECK(f.write() == 200);
  REQUIRE(server.writes.size() == 1);
  CHECK(server.writes[0]->writer()->epoch() == 3);

  f.own(0);
  CHECK_FALSE(f.user->api.active());
  f.own(5); // nothing was written in between
  CHECK(f.user->active_at == revisions{12, 12});
}

TEST_CASE("what arrives between the grant and its message does not make an owner active", "[client]") {
  fenced f;
  auto& server = f.up("host-a");
  f.send(server, 9, {{event::added, 8, "a"}}, true);
  server.progress_revision = 12;
  f.tenure->grant(3);
  f.send(server, 10, {{event::added, 10, "b"}}); // the caches lack 11 and 12, and nobody has asked
  CHECK_FALSE(f.user->api.active());
  CHECK(f.user->active_at.empty());
  caf::anon_send(f.handle, runtime::host::tenure_changed{3});
  f.run();
  CHECK_FALSE(f.user->api.active());
  f.send(server, 12, {});
  CHECK(f.user->active_at == revisions{12});
}

TEST_CASE("an owner from the start is active after its first sync and a look at the present revision", "[client]") {
  fenced f;
  f.tenure->grant(1); // before its actor was told
  auto& server = f.up("host-a");
  server.progress_revision = 6;
  CHECK(f.user->active_at.empty());
  f.send(server, 6, {{event::added, 5, "a"}}, true);
  CHECK(f.user->active_at == revisions{6});
}

TEST_CASE("the question for the present revision is asked again until it is answered, also of another apiserver", "[client]") {
  fenced f;
  auto& first = f.up("host-a");
  f.send(first, 9, {}, true);
  first.progress_code = 404;
  first.progress_revision = 9;
  f.own(2);
  CHECK(first.progress_asked.size() == 1);
  f.advance(client::api_client::retry_delay_min);
  CHECK(first.progress_asked.size() == 2);
  f.down("host-a");
  CHECK(f.user->active_at.empty());
  auto& second = f.up("host-b");
  second.progress_revision = 10;
  f.advance(client::api_client::progress_delay_max);
  REQUIRE(second.progress_asked.size() == 1);
  f.send(second, 10, {});
  CHECK(f.user->active_at == revisions{10});
}

TEST_CASE("an owner that lost its role before it had caught up stays inactive", "[client]") {
  fenced f;
  auto& server = f.up("host-a");
  f.send(server, 9, {}, true);
  server.progress_revision = 20;
  f.own(2);
  f.own(0);
  f.send(server, 20, {});
  CHECK(f.user->active_at.empty());
  CHECK_FALSE(f.user->api.active());
}

TEST_CASE("clients of a host without an apiserver spread over the others, and most stay where they are", "[client]") {
  std::set<std::string> taken;
  const auto choice = [](fixture& f) {
    for (auto& [host, server] : f.apiservers)
      if (!server.second->watches.empty() && f.user->api.connected() && server.second->watcher)
        return host;
    return std::string{};
  };
  for (int i = 0; i < 12; ++i) {
    fixture f(nullptr, "controllers/number-" + std::to_string(i));
    for (const std::string host : {"host-x", "host-y", "host-z"})
      f.up(host);
    f.down("host-x"); // those that were first with it choose among the two
    taken.insert(choice(f));
  }
  CHECK(taken == std::set<std::string>{"host-y", "host-z"});
}

TEST_CASE("a request under way when the apiserver is lost is answered at once", "[client]") {
  fixture f;
  auto& server = f.up("host-a");
  server.silent = true;
  int code = 0;
  f.in_consumer([&] { f.user->api.get(client::pods, "default", "x", [&](const client::api_result& r) { code = r.code; }); });
  CHECK(code == 0);
  caf::anon_send(f.directory, runtime::directory::withdraw_role{"apiserver/host-a"});
  f.run();
  f.advance(0ms);
  CHECK(code == 503);
}
