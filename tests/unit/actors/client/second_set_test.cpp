// A second set of caches, filled beside the first one for a controller that takes another's place.
#include "tests/unit/actors/client/fixture.hpp"

#include "messages/api/meta/v1/meta_generated.h"

using namespace client_samples;
using protocol::EventType;

namespace {

struct second : fixture {
  client::object_cache* pods = nullptr;
  client::object_cache* nodes = nullptr;
  std::vector<std::string> heard;

  client::api_client& api() { return user->api; }
  void declare(bool with_nodes = false) {
    api().begin_second_set();
    pods = &api().watch(client::pods);
    pods->add_index("name", [](const client::entry& item) { return std::vector<std::string>{item.metadata->name()->str()}; });
    pods->on_change([this](const std::string& key, const client::entry* before, const client::entry* after) {
      heard.push_back((before == nullptr ? "+" : after == nullptr ? "-" : "~") + key);
    });
    if (with_nodes)
      nodes = &api().watch(client::nodes);
    api().declared();
  }
};

} // namespace

TEST_CASE_METHOD(second, "the second set is copied in steps, and takes its place without another watch") {
  auto& server = up("host-a");
  send(server, 5, {{EventType::added, 1, "a"}, {EventType::added, 2, "b"}, {EventType::added, 3, "c"}}, true);
  in_consumer([&] {
    declare();
    CHECK_FALSE(api().fill_second_set(2));
  });
  CHECK(heard == std::vector<std::string>{"+default/a", "+default/b"});
  // Changes of what is copied are heard at once, others when they are copied.
  send(server, 9, {{EventType::modified, 6, "a"}, {EventType::added, 7, "d"}, {EventType::deleted, 8, "c"}, {EventType::added, 9, "aa"}});
  CHECK(heard.size() == 4);
  CHECK(heard.back() == "+default/aa");
  in_consumer([&] {
    CHECK(api().fill_second_set(10));
    CHECK_FALSE(api().second_set_copying());
    api().adopt_second_set();
  });
  CHECK(heard == std::vector<std::string>{"+default/a", "+default/b", "~default/a", "+default/aa", "+default/d"});
  CHECK(pods->synced());
  CHECK(pods->revision() == 9);
  CHECK(pods->by_index("name", "d") == actors::client::object_cache::key_set{"default/d"});
  CHECK(api().caches() == std::vector<client::object_cache*>{pods});
  CHECK(server.watches.size() == 1);
  const auto before = user->heard.size();
  send(server, 10, {{EventType::deleted, 10, "a"}});
  CHECK(heard.back() == "-default/a");
  CHECK(user->heard.size() == before); // the first set is gone
}

TEST_CASE_METHOD(second, "whatever changes while it is copied, the copy equals the source") {
  auto& server = up("host-a");
  std::mt19937 random{7};
  int64_t revision = 0;
  std::set<std::string> there;
  const auto change = [&] {
    const auto name = std::string(1, static_cast<char>('a' + random() % 26)) + static_cast<char>('a' + random() % 4);
    const bool known = there.contains(name);
    const bool remove = known && random() % 2 == 0;
    if (remove)
      there.erase(name);
    else
      there.insert(name);
    ++revision;
    return sent_event{remove ? EventType::deleted : known ? EventType::modified : EventType::added, revision, name};
  };
  for (int i = 0; i < 60; ++i)
    send(server, revision + 1, {change()}, i == 0);
  in_consumer([&] { declare(); });
  bool filled = false;
  while (!filled) {
    send(server, revision + 1, {change()});
    in_consumer([&] { filled = api().fill_second_set(1); });
  }
  send(server, revision + 1, {change()});
  const auto& first = *user->pods;
  REQUIRE(first.size() == there.size());
  REQUIRE(pods->size() == first.size());
  for (const auto& [key, item] : first.entries())
    CHECK(pods->find(key.text())->revision == item.revision);
}

TEST_CASE_METHOD(second, "what the first set does not watch is watched for the second one; it waits for that") {
  auto& server = up("host-a");
  send(server, 5, {{EventType::added, 1, "a"}}, true);
  in_consumer([&] {
    declare(true);
    CHECK_FALSE(api().fill_second_set(10));
  });
  REQUIRE(server.watches.size() == 2);
  send(server, 3, {}, true); // of the watch that was begun last
  in_consumer([&] {
    CHECK(api().fill_second_set(10));
    api().adopt_second_set();
  });
  CHECK(nodes->synced());
  // A set without the nodes ends that watch.
  in_consumer([&] {
    declare();
    CHECK(api().fill_second_set(10));
    api().adopt_second_set();
  });
  REQUIRE(server.cancelled.size() == 1);
  CHECK(server.cancelled[0] == server.watches[1]->watch_id());
}

TEST_CASE_METHOD(second, "a second set that is dropped leaves the first as it was") {
  auto& server = up("host-a");
  send(server, 5, {{EventType::added, 1, "a"}}, true);
  in_consumer([&] {
    declare(true);
    api().drop_second_set();
  });
  CHECK(server.cancelled.size() == 1);
  CHECK(api().caches() == std::vector<client::object_cache*>{user->pods});
  CHECK(api().synced());
  in_consumer([&] { // and the next one may watch the same
    declare(true);
    api().drop_second_set();
  });
  CHECK(server.cancelled.size() == 2);
}

TEST_CASE_METHOD(second, "a list that has begun when the second set is declared begins anew, for both") {
  auto& server = up("host-a");
  send(server, 5, {{EventType::added, 1, "a"}});
  in_consumer([&] { declare(); });
  REQUIRE(server.watches.size() == 2);
  CHECK(server.cancelled.size() == 1);
  CHECK(server.last_watch()->after() == -1);
  send(server, 6, {{EventType::added, 1, "a"}, {EventType::added, 6, "b"}}, true);
  CHECK(pods->size() == 2);
  CHECK(user->pods->size() == 2);
  CHECK(user->pods->synced());
}

TEST_CASE_METHOD(second, "what a listener of the second set throws stays with it") {
  auto& server = up("host-a");
  send(server, 5, {{EventType::added, 1, "a"}}, true);
  in_consumer([&] {
    declare();
    CHECK(api().fill_second_set(10));
    pods->on_change([](const std::string&, const client::entry*, const client::entry*) { throw std::runtime_error("cannot bear it"); });
  });
  send(server, 6, {{EventType::added, 6, "b"}});
  CHECK(api().second_set_failure() == "cannot bear it");
  CHECK(user->pods->size() == 2);
  in_consumer([&] { api().drop_second_set(); });
  CHECK(api().second_set_failure().empty());
}
