// The cache that a watch feeds: contents, indices, listeners, replacement.
#include "actors/client/informer.hpp"

#include "messages/api/core/v1/pod_generated.h"
#include "messages/api/meta/v1/meta_generated.h"
#include "tests/unit/actors/client/samples.hpp"

using namespace client_samples;
using event = runtime::protocols::apiserver::EventType;
using actors::client::entry;

namespace {

std::vector<std::string> app_of(const entry& item) {
  const auto* label = item.metadata->labels() == nullptr ? nullptr : item.metadata->labels()->LookupByKey("app");
  return label == nullptr ? std::vector<std::string>{} : std::vector<std::string>{label->value()->str()};
}

/// A cache of pods with an index, and what its listener heard: "+key", "~key", "-key".
struct watched_cache {
  client::object_cache cache{client::pods};
  std::vector<std::string> heard;

  watched_cache() {
    cache.add_index("app", app_of);
    cache.on_change([this](const std::string& key, const entry* before, const entry* after) {
      heard.push_back((before == nullptr ? "+" : after == nullptr ? "-" : "~") + key);
    });
  }
  void apply(event type, std::string_view name, int64_t revision, std::string_view app = "web") {
    cache.apply(type, packed_pod(name, app), revision);
  }
  std::vector<std::string> take() { return std::exchange(heard, {}); }
};

using words = std::vector<std::string>;
using keys = client::object_cache::key_set;

} // namespace

TEST_CASE("an object's key is its namespace and name, and is split into the same", "[client]") {
  CHECK(client::object_key("default", "web") == "default/web");
  CHECK(client::object_key("", "node-a") == "node-a");
  CHECK(client::split_key("default/web") == std::pair<std::string, std::string>{"default", "web"});
  CHECK(client::split_key("node-a") == std::pair<std::string, std::string>{"", "node-a"});
  CHECK(client::split_key("") == std::pair<std::string, std::string>{"", ""});
}

TEST_CASE("a cache has what was added and changed, and lacks what was deleted", "[client]") {
  watched_cache under_test;
  auto& cache = under_test.cache;
  CHECK(cache.find("default/a") == nullptr);
  under_test.apply(event::added, "a", 5);
  REQUIRE(cache.find("default/a") != nullptr);
  CHECK(cache.find("default/a")->revision == 5);
  CHECK(cache.find("default/a")->metadata->uid()->str() == "uid-a");
  CHECK(under_test.take() == words{"+default/a"});
  under_test.apply(event::modified, "a", 6);
  CHECK(cache.find("default/a")->revision == 6);
  CHECK(under_test.take() == words{"~default/a"});
  under_test.apply(event::deleted, "a", 7);
  CHECK(cache.find("default/a") == nullptr);
  CHECK(cache.size() == 0);
  CHECK(cache.revision() == 7);
  CHECK(under_test.take() == words{"-default/a"});
}

TEST_CASE("an event that was seen before changes nothing and is not told", "[client]") {
  watched_cache under_test;
  under_test.apply(event::added, "a", 5, "web");
  under_test.take();
  under_test.apply(event::added, "a", 5, "web");
  under_test.apply(event::modified, "a", 4, "db"); // an older state must not come back
  under_test.apply(event::deleted, "b", 6);
  CHECK(under_test.take().empty());
  CHECK(under_test.cache.by_index("app", "web") == keys{"default/a"});
  CHECK(under_test.cache.by_index("app", "db").empty());
  CHECK(under_test.cache.revision() == 6);
}

TEST_CASE("a modified event of an unknown object adds it: its addition was filtered out", "[client]") {
  watched_cache under_test;
  under_test.apply(event::modified, "a", 5);
  CHECK(under_test.take() == words{"+default/a"});
}

TEST_CASE("indices follow additions, changes of the indexed value, and deletions", "[client]") {
  watched_cache under_test;
  auto& cache = under_test.cache;
  under_test.apply(event::added, "b", 1);
  under_test.apply(event::added, "a", 2);
  CHECK(cache.by_index("app", "web") == keys{"default/a", "default/b"});
  under_test.apply(event::modified, "a", 3, "db");
  CHECK(cache.by_index("app", "web") == keys{"default/b"});
  CHECK(cache.by_index("app", "db") == keys{"default/a"});
  under_test.apply(event::deleted, "b", 4);
  CHECK(cache.by_index("app", "web").empty());
  CHECK(cache.by_index("no such index", "web").empty());
}

TEST_CASE("a listener sees the state before and after, with the index already changed", "[client]") {
  client::object_cache cache{client::pods};
  cache.add_index("app", app_of);
  int calls = 0;
  cache.on_change([&](const std::string& key, const entry* before, const entry* after) {
    ++calls;
    if (before == nullptr || after == nullptr)
      return;
    CHECK(before->revision == 1);
    CHECK(app_of(*before) == words{"web"});
    CHECK(app_of(*after) == words{"db"});
    CHECK(cache.find(key) == after);
    CHECK(cache.by_index("app", "db") == keys{"default/a"});
  });
  cache.apply(event::added, packed_pod("a", "web"), 1);
  cache.apply(event::modified, packed_pod("a", "db"), 2);
  CHECK(calls == 2);
}

TEST_CASE("replacing deletes what the new state lacks, once it is complete", "[client]") {
  watched_cache under_test;
  auto& cache = under_test.cache;
  for (const char* name : {"a", "b", "c"})
    under_test.apply(event::added, name, 1);
  cache.mark_synced(3);
  CHECK(cache.synced());
  under_test.take();

  cache.begin_replace();
  under_test.apply(event::added, "b", 1);
  under_test.apply(event::added, "d", 9);
  CHECK(cache.size() == 4); // nothing goes before the state is complete
  cache.mark_synced(10);
  CHECK(under_test.take() == words{"+default/d", "-default/a", "-default/c"});
  CHECK(cache.revision() == 10);
  CHECK(cache.by_index("app", "web") == keys{"default/b", "default/d"});
}

TEST_CASE("a replacement that broke off is started anew without losing anything", "[client]") {
  watched_cache under_test;
  auto& cache = under_test.cache;
  under_test.apply(event::added, "a", 1);
  cache.mark_synced(1);
  cache.begin_replace();
  under_test.apply(event::added, "b", 2);
  cache.begin_replace();
  under_test.apply(event::added, "a", 1);
  cache.mark_synced(5);
  CHECK(cache.find("default/a") != nullptr);
  CHECK(cache.find("default/b") == nullptr); // deleted between the two attempts
}

TEST_CASE("a draft of a cached object carries its revision, for a compare-and-swap", "[client]") {
  client::object_cache cache{client::pods};
  cache.apply(event::added, packed_pod("a"), 42);
  const draft object = client::draft_of(client::pods, *cache.find("default/a"));
  CHECK(object.get("metadata").get("resourceVersion").str() == "42");
  CHECK(object.get("spec").get("containers").items().at(0).get("image").str() == "web:v1");
}

TEST_CASE("the controller is the owner that says so", "[client]") {
  draft object = pod("a");
  object["metadata"].set("ownerReferences", json(R"([{"apiVersion":"v1","kind":"X","name":"x","uid":"1"},
    {"apiVersion":"apps/v1","kind":"ReplicaSet","name":"r","uid":"2","controller":true}])"));
  client::object_cache cache{client::pods};
  cache.apply(event::added, packed(client::pods.type(), object), 1);
  cache.apply(event::added, packed_pod("free"), 2);
  CHECK(client::controller_uid_of(*cache.find("default/a")) == "2");
  CHECK(client::controller_uid_of(*cache.find("default/free")).empty());
}

TEST_CASE("every resource that roles use has its table", "[client]") {
  for (const auto* what : client::owning_resources)
    CHECK(what->type().kind() == what->kind);
  for (const auto* what : client::namespaced_resources)
    CHECK(what->type().kind() == what->kind);
}

TEST_CASE("listeners can tell which change they hear of", "[client]") {
  client::object_cache cache{client::deployments};
  std::vector<std::string> told;
  cache.on_change([&](const std::string&, const entry*, const entry*) {
    const auto change = client::current_change();
    told.push_back(change ? change->object + "@" + std::to_string(change->revision) : "nothing");
  });
  cache.apply(event::added, packed_pod("a", "web"), 5);
  cache.apply(event::deleted, packed_pod("a", "web"), 6);
  CHECK(told == words{"deployments.apps/default/a@5", "deployments.apps/default/a@6"});
  CHECK_FALSE(client::current_change());
}

TEST_CASE("caches of one process share the texts of their keys, which go with the last of them", "[client]") {
  const size_t before = client::shared_key::count();
  {
    watched_cache first, second;
    first.apply(event::added, "shared", 1);
    second.apply(event::added, "shared", 1);
    second.apply(event::added, "other", 2);
    CHECK(client::shared_key::count() == before + 2);
    CHECK(&first.cache.entries().begin()->first.text() == &std::next(second.cache.entries().begin())->first.text());
    first.apply(event::deleted, "shared", 3);
    CHECK(client::shared_key::count() == before + 2);
    second.apply(event::deleted, "shared", 3);
    CHECK(client::shared_key::count() == before + 1);
    CHECK(second.cache.by_index("app", "web") == client::object_cache::key_set{"default/other"});
  }
  CHECK(client::shared_key::count() == before);
}
