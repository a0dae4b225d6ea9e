// The persistent map against std::map, and its older versions against what they were.
#include <catch2/catch.hpp>

#include <map>
#include <random>

#include "actors/apiserver/cache/persistent_map.hpp"

using actors::apiserver::cache::persistent_map;

namespace {

std::map<std::string, int> contents(const persistent_map<int>& map, std::string_view prefix = "", std::string_view after = "") {
  std::map<std::string, int> result;
  map.visit(prefix, after, [&](std::string_view key, int value) {
    REQUIRE((result.empty() || result.rbegin()->first < key)); // in order
    result[std::string{key}] = value;
    return true;
  });
  return result;
}

std::map<std::string, int> expected(const std::map<std::string, int>& all, std::string_view prefix, std::string_view after) {
  std::map<std::string, int> result;
  for (const auto& [key, value] : all)
    if (key.starts_with(prefix) && key > after)
      result[key] = value;
  return result;
}

} // namespace

TEST_CASE("a persistent map behaves like an ordered map, and old versions stay as they were") {
  std::mt19937 random{42};
  persistent_map<int> map;
  std::map<std::string, int> model;
  std::vector<std::pair<persistent_map<int>, std::map<std::string, int>>> versions;
  for (int i = 0; i < 4000; ++i) {
    const std::string key = "/" + std::string(1, static_cast<char>('a' + random() % 3)) + "/" + std::to_string(random() % 300);
    if (random() % 3 == 0) {
      map = map.erase(key);
      model.erase(key);
    } else {
      map = map.put(key, i);
      model[key] = i;
    }
    REQUIRE(map.size() == model.size());
    if (i % 500 == 0)
      versions.emplace_back(map, model);
  }
  CHECK(contents(map) == model);
  for (const auto& [old_map, old_model] : versions)
    CHECK(contents(old_map) == old_model);
  for (const std::string prefix : {"", "/a/", "/b/", "/c/", "/d/", "/"})
    for (const std::string after : {"", "/a/100", "/b/", "/b/2", "/c/zzz", "/zzz"}) {
      INFO("prefix " << prefix << " after " << after);
      const auto wanted = expected(model, prefix, after);
      CHECK(contents(map, prefix, after) == wanted);
      CHECK(map.count_from(prefix, after) == wanted.size());
    }
}

TEST_CASE("a visit ends when it is told to") {
  persistent_map<int> map;
  for (int i = 0; i < 100; ++i)
    map = map.put("/x/" + std::to_string(i), i);
  int seen = 0;
  map.visit("/x/", "", [&](std::string_view, int) { return ++seen < 7; });
  CHECK(seen == 7);
}

TEST_CASE("a cursor may move along with the visit that began at it") {
  persistent_map<int> map;
  for (int i = 0; i < 200; ++i)
    map = map.put("/pods/" + std::string(static_cast<size_t>(i), 'x') + std::to_string(i), i);
  std::string cursor = "/pods/0";
  size_t seen = 0;
  map.visit("/pods/", cursor, [&](std::string_view, int) {
    cursor.assign(++seen, '\x7f'); // of other lengths, and past all keys
    return true;
  });
  CHECK(seen == 199);
}
