// Watches of the api_client: begin, resume, restart, acknowledgement, refusal.
#include "tests/unit/actors/client/fixture.hpp"

using namespace client_samples;
using words = std::vector<std::string>;
using event = protocol::EventType;

TEST_CASE("a watch begins when an apiserver comes up, from the present state, under the role's identity", "[client]") {
  fixture f;
  CHECK_FALSE(f.user->api.connected());
  auto& server = f.up("host-a");
  REQUIRE(server.watches.size() == 1);
  const auto& request = server.last_watch();
  CHECK(request->after() == -1);
  CHECK(request->target()->resource()->str() == "pods");
  CHECK(request->identity()->user()->str() == "tester");
  CHECK(request->identity()->groups()->Get(0)->str() == "testers");
  f.send(server, 5, {{event::added, 4, "a"}});
  CHECK(f.user->synced == 0);
  f.send(server, 6, {{event::added, 6, "b"}}, true);
  CHECK(f.user->heard == words{"+default/a", "+default/b"});
  CHECK(f.user->synced == 1);
  CHECK(f.user->pods->revision() == 6);
}

TEST_CASE("the apiserver of the own host is preferred, and another one serves where it has none", "[client]") {
  fixture f;
  auto& other = f.up("host-b");
  CHECK(other.watches.size() == 1);
  auto& own = f.up("host-a");
  CHECK(own.watches.empty()); // a watch that works is not moved
  f.down("host-b");
  CHECK(own.watches.size() == 1);
}

TEST_CASE("every batch is acknowledged once, up to its revision", "[client]") {
  fixture f;
  auto& server = f.up("host-a");
  f.send(server, 5, {{event::added, 4, "a"}, {event::added, 5, "b"}});
  f.send(server, 7, {}, true);
  REQUIRE(server.acks.size() == 2);
  CHECK(server.acks[0].watch_id == server.last_watch()->watch_id());
  CHECK(server.acks[0].revision == 5);
  CHECK(server.acks[1].revision == 7);
}

TEST_CASE("a batch that need not be acknowledged is counted in the next acknowledgement", "[client]") {
  fixture f;
  auto& server = f.up("host-a");
  f.acknowledge = false;
  f.send(server, 5, {{event::added, 5, "a"}}, true);
  f.send(server, 6, {{event::added, 6, "b"}});
  CHECK(server.acks.empty());
  CHECK(f.user->pods->size() == 2);
  f.acknowledge = true;
  f.send(server, 7, {{event::added, 7, "c"}});
  f.send(server, 8, {});
  REQUIRE(server.acks.size() == 2);
  CHECK(server.acks[0].batches == 3);
  CHECK(server.acks[0].revision == 7);
  CHECK(server.acks[1].batches == 1);
  // A new watch begins to count anew.
  f.acknowledge = false;
  f.send(server, 9, {});
  f.down("host-a");
  auto& next = f.up("host-b");
  f.acknowledge = true;
  f.send(next, 10, {});
  REQUIRE(next.acks.size() == 1);
  CHECK(next.acks[0].batches == 1);
}

TEST_CASE("a lost apiserver's watch resumes on the next one at the last revision", "[client]") {
  fixture f;
  f.send(f.up("host-a"), 9, {{event::added, 8, "a"}}, true);
  f.down("host-a");
  CHECK_FALSE(f.user->api.connected());
  CHECK(f.user->pods->size() == 1); // an old view is better than none
  auto& second = f.up("host-a");
  REQUIRE(second.watches.size() == 1);
  CHECK(second.last_watch()->after() == 9);
  f.send(second, 10, {{event::deleted, 10, "a"}});
  CHECK(f.user->heard == words{"+default/a", "-default/a"});
  CHECK(f.user->synced == 1);
}

TEST_CASE("a watch that broke off before it was complete starts anew", "[client]") {
  fixture f;
  f.send(f.up("host-a"), 9, {{event::added, 8, "a"}});
  f.down("host-a");
  auto& second = f.up("host-a");
  CHECK(second.last_watch()->after() == -1);
  f.send(second, 12, {{event::added, 11, "b"}}, true);
  CHECK(f.user->pods->find("default/a") == nullptr); // deleted in between
  CHECK(f.user->pods->find("default/b") != nullptr);
}

TEST_CASE("a watch that fell out of the history starts anew, and what vanished is deleted", "[client]") {
  fixture f;
  auto& server = f.up("host-a");
  f.send(server, 9, {{event::added, 7, "a"}, {event::added, 8, "b"}}, true);
  f.user->heard.clear();
  f.send(server, 9, {}, false, 410);
  f.advance(client::api_client::retry_delay_min);
  REQUIRE(server.watches.size() == 2);
  CHECK(server.last_watch()->after() == -1);
  f.send(server, 20, {{event::added, 7, "a"}, {event::added, 15, "c"}}, true);
  CHECK(f.user->heard == words{"+default/c", "-default/b"});
}

TEST_CASE("a resumption that is refused as too old starts anew", "[client]") {
  fixture f;
  f.send(f.up("host-a"), 9, {{event::added, 7, "a"}}, true);
  f.down("host-a");
  auto script = std::make_shared<apiserver_script>();
  script->watch_code = 410;
  script->reason = "Expired";
  auto actor = f.sys.spawn(scripted_apiserver, script);
  f.apiservers["host-a"] = {actor, script};
  caf::anon_send(f.directory, runtime::directory::register_role{"apiserver/host-a", caf::actor_cast<caf::strong_actor_ptr>(actor), ""});
  f.run();
  REQUIRE(script->watches.size() == 1);
  CHECK(script->last_watch()->after() == 9);
  script->watch_code = 200;
  f.advance(client::api_client::retry_delay_min);
  REQUIRE(script->watches.size() == 2);
  CHECK(script->last_watch()->after() == -1);
}

TEST_CASE("a refused watch is tried again, later each time, and soon again after a success", "[client]") {
  fixture f;
  auto& server = f.up("host-a");
  f.send(server, 1, {}, true);
  server.watch_code = 403;
  server.reason = "Forbidden";
  f.send(server, 1, {}, false, 500); // the running one ends
  // 50, 100, 200 ... 5000 ms; the k-th attempt comes when the sum has passed.
  auto delay = client::api_client::retry_delay_min;
  for (size_t attempts = 1; attempts < 12; ++attempts) {
    f.advance(delay - 1ms);
    CHECK(server.watches.size() == attempts);
    f.advance(1ms);
    REQUIRE(server.watches.size() == attempts + 1);
    delay = std::min(delay * 2, client::api_client::retry_delay_max);
  }
  server.watch_code = 200;
  f.advance(client::api_client::retry_delay_max);
  const size_t attempts = server.watches.size();
  f.send(server, 2, {}, true);
  f.send(server, 2, {}, false, 500);
  f.advance(client::api_client::retry_delay_min);
  CHECK(server.watches.size() == attempts + 1);
}

TEST_CASE("an apiserver that does not answer a watch is asked again after the deadline, the first watch cancelled", "[client]") {
  fixture f;
  auto& server = f.up("host-a");
  server.silent = true;
  f.send(server, 1, {}, false, 500);
  f.advance(client::api_client::retry_delay_min);
  REQUIRE(server.watches.size() == 2);
  const uint64_t unanswered = server.last_watch()->watch_id();
  f.advance(client::api_client::request_deadline - 1ms);
  CHECK(server.watches.size() == 2);
  CHECK(server.cancelled.empty());
  f.advance(1ms);
  CHECK(server.cancelled == std::vector<uint64_t>{unanswered});
  f.advance(client::api_client::retry_delay_max);
  CHECK(server.watches.size() == 3);
}

TEST_CASE("batches of a watch that was given up are neither applied nor acknowledged", "[client]") {
  fixture f;
  auto& server = f.up("host-a");
  const uint64_t old = server.last_watch()->watch_id();
  f.send(server, 3, {}, false, 410);
  f.advance(client::api_client::retry_delay_min);
  const size_t acks = server.acks.size();
  protocol::WatchBatchT batch;
  batch.watch_id = old;
  batch.revision = 99;
  batch.synced = true;
  caf::anon_send(server.watcher, protocol::watch_batch{batch});
  f.run();
  CHECK(f.user->synced == 0);
  CHECK(f.user->pods->revision() < 99);
  CHECK(server.acks.size() == acks);
}
