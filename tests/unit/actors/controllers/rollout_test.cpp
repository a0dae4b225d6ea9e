// The arithmetic of rollouts, and template hashes. The cases follow from upstream's rules.
#include <catch2/catch.hpp>

#include "actors/controllers/deployment/pod_template_hash.hpp"
#include "actors/controllers/deployment/rollout.hpp"
#include "messages/codec/json.hpp"

using namespace actors::controllers::deployment;

namespace {

set_state set(const char* name, int32_t replicas, int32_t available, int64_t created = 0, int32_t max_replicas = 0) {
  return {.name = name, .replicas = replicas, .present = replicas, .available = available, .max_replicas = max_replicas, .created = created};
}

std::map<std::string, int32_t> sizes(const std::vector<resize>& changes) {
  std::map<std::string, int32_t> result;
  for (const auto& change : changes)
    result[change.name] = change.to;
  return result;
}

using expected_sizes = std::map<std::string, int32_t>;

} // namespace

TEST_CASE("percentages round surge up and unavailability down") {
  struct row {
    const char* surge;
    const char* unavailable;
    int32_t replicas, surge_wanted, unavailable_wanted;
  };
  for (const auto& [surge, unavailable, replicas, surge_wanted, unavailable_wanted] : std::vector<row>{
         {"25%", "25%", 10, 3, 2},
         {"25%", "25%", 4, 1, 1},
         {"25%", "25%", 3, 1, 0},
         {"25%", "25%", 1, 1, 0},
         {"0", "25%", 1, 0, 1}, // both zero: one may be missing
         {"0", "0", 5, 0, 1},
         {"0", "0", 0, 0, 0},
         {"1", "0", 5, 1, 0},
         {"100%", "100%", 5, 5, 5},
         {"0", "20", 5, 0, 5}, // never more than there are
         {"25%", "25%", 2'000'000'000, 500'000'000, 500'000'000},
       }) {
    INFO(surge << " " << unavailable << " of " << replicas);
    const auto bounds = resolve_limits(parse_percent(surge), parse_percent(unavailable), replicas);
    CHECK(bounds.surge == surge_wanted);
    CHECK(bounds.unavailable == unavailable_wanted);
  }
}

TEST_CASE("the new ReplicaSet grows as far as the surge allows") {
  struct row {
    int32_t wanted, surge, old_size, new_size, expected;
  };
  for (const auto& [wanted, surge, old_size, new_size, expected] : std::vector<row>{
         {10, 0, 10, 0, 0},
         {10, 2, 10, 0, 2},
         {10, 2, 5, 0, 7},
         {10, 2, 10, 2, 2},
         {10, 2, 2, 8, 10},  // not beyond what is wanted
         {10, 2, 0, 12, 10}, // shrinks to it
         {10, 0, 12, 0, 0},
         {0, 1, 3, 0, 0},
         {1, 1, 1, 0, 1},
       }) {
    INFO(wanted << "+" << surge << " old " << old_size << " new " << new_size);
    const auto fresh = set("new", new_size, 0);
    CHECK(next_size_of_new(fresh, {set("old", old_size, old_size), fresh}, wanted, {surge, 0}) == expected);
  }
}

TEST_CASE("old ReplicaSets shrink as far as availability allows") {
  struct row {
    const char* title;
    int32_t wanted, unavailable;
    set_state fresh;
    std::vector<set_state> old;
    expected_sizes expected;
  };
  for (const auto& item : std::vector<row>{
         {"nothing may be missing and nothing new is there", 10, 0, set("new", 0, 0), {set("old", 10, 10)}, {}},
         {"two may be missing", 10, 2, set("new", 0, 0), {set("old", 10, 10)}, {{"old", 8}}},
         {"what the new one serves may go", 10, 0, set("new", 5, 5), {set("old", 10, 10)}, {{"old", 5}}},
         {"new pods that are not available do not count", 10, 0, set("new", 5, 0), {set("old", 10, 10)}, {}},
         {"broken pods go first", 10, 2, set("new", 2, 2), {set("old", 10, 8)}, {{"old", 6}}},
         {"all of the old one is broken", 5, 1, set("new", 2, 0), {set("old", 4, 0)}, {}}, // 6 pods - 4 at least - 2 new ones
         {"oldest first", 10, 2, set("new", 0, 0), {set("b", 5, 5, 2), set("a", 5, 5, 1)}, {{"a", 3}}},
         {"over several sets", 10, 0, set("new", 7, 7), {set("a", 5, 5, 1), set("b", 5, 5, 2)}, {{"a", 0}, {"b", 3}}},
         {"all is done", 10, 2, set("new", 10, 10), {set("old", 0, 0)}, {}},
         {"the last ones", 10, 2, set("new", 10, 10), {set("old", 1, 1)}, {{"old", 0}}},
         {"one pod, one in surge", 1, 0, set("new", 1, 1), {set("old", 1, 1)}, {{"old", 0}}},
         {"one pod whose successor is not ready", 1, 0, set("new", 1, 0), {set("old", 1, 1)}, {}},
       }) {
    INFO(item.title);
    CHECK(sizes(shrink_old(item.fresh, item.old, item.wanted, {2, item.unavailable})) == item.expected);
  }
}

TEST_CASE("never fewer available pods than the minimum, never more pods than the surge allows, until it is done") {
  for (int32_t wanted = 1; wanted <= 12; ++wanted)
    for (int32_t surge = 0; surge <= 3; ++surge)
      for (int32_t unavailable = 0; unavailable <= 3; ++unavailable) {
        const auto bounds = resolve_limits({false, surge}, {false, unavailable}, wanted);
        auto old = set("old", wanted, wanted), fresh = set("new", 0, 0);
        int steps = 0;
        while ((fresh.replicas != wanted || old.replicas != 0) && ++steps < 100) {
          fresh.replicas = next_size_of_new(fresh, {old, fresh}, wanted, bounds);
          for (const auto& change : shrink_old(fresh, {old}, wanted, bounds))
            old.replicas = change.to;
          old.available = std::min(old.available, old.replicas);
          INFO(wanted << " +" << surge << " -" << unavailable << ": old " << old.replicas << " new " << fresh.replicas);
          REQUIRE(old.available + fresh.available >= wanted - bounds.unavailable);
          REQUIRE(old.replicas + fresh.replicas <= wanted + bounds.surge);
          fresh.available = std::min(fresh.replicas, fresh.available + 1); // they become available one by one
        }
        CHECK(steps < 100);
      }
}

TEST_CASE("a change of scale during a rollout is spread in proportion") {
  struct row {
    const char* title;
    std::vector<set_state> active;
    int32_t wanted, surge;
    expected_sizes expected;
  };
  for (const auto& item : std::vector<row>{
         {"nothing to do", {set("new", 5, 5, 2, 10), set("old", 5, 5, 1, 10)}, 10, 0, {}},
         {"twice as many", {set("new", 5, 5, 2, 10), set("old", 5, 5, 1, 10)}, 20, 0, {{"new", 10}, {"old", 10}}},
         {"half", {set("new", 6, 6, 2, 10), set("old", 4, 4, 1, 10)}, 5, 0, {{"new", 3}, {"old", 2}}},
         {"the rest goes to the largest", {set("a", 7, 7, 1, 10), set("b", 3, 3, 2, 10)}, 11, 0, {{"a", 8}}},
         {"equals: the newest grows", {set("a", 5, 5, 1, 10), set("b", 5, 5, 2, 10)}, 11, 0, {{"b", 6}}},
         {"equals: the oldest shrinks", {set("a", 5, 5, 1, 10), set("b", 5, 5, 2, 10)}, 9, 0, {{"a", 4}}},
         {"to nothing", {set("a", 5, 5, 1, 10), set("b", 5, 5, 2, 10)}, 0, 3, {{"a", 0}, {"b", 0}}},
         {"surge counts", {set("a", 5, 5, 1, 12), set("b", 7, 7, 2, 12)}, 20, 4, {{"a", 10}, {"b", 14}}},
       }) {
    INFO(item.title);
    const auto found = scale_proportionally(item.active, item.wanted, {item.surge, 0}, true);
    CHECK(sizes(found) == item.expected);
    int32_t total = 0;
    auto all = sizes(found);
    for (const auto& active : item.active)
      total += all.contains(active.name) ? all[active.name] : active.replicas;
    CHECK(total == (item.wanted == 0 ? 0 : item.wanted + item.surge));
  }
}

TEST_CASE("a template's hash does not depend on the order of members nor on the hash label") {
  const auto parse = [](const char* text) { return messages::codec::parse_json(text).value; };
  const auto left = parse(R"({"metadata":{"labels":{"app":"x"}},"spec":{"containers":[{"name":"c","image":"i"}]}})");
  const auto right = parse(R"({"spec":{"containers":[{"image":"i","name":"c"}]},"metadata":{"labels":{"pod-template-hash":"abc","app":"x"}}})");
  const auto other = parse(R"({"spec":{"containers":[{"image":"j","name":"c"}]},"metadata":{"labels":{"app":"x"}}})");
  CHECK(pod_template_hash(left, {}) == pod_template_hash(right, {}));
  CHECK(pod_template_hash(left, {}) != pod_template_hash(other, {}));
  CHECK(pod_template_hash(left, {}) != pod_template_hash(left, 1));
  CHECK(pod_template_hash(left, 1) != pod_template_hash(left, 2));
  CHECK(pod_template_hash(left, {}).find_first_not_of("bcdfghjklmnpqrstvwxz2456789") == std::string::npos);
  CHECK(equal_templates(left, right));
  CHECK(!equal_templates(left, other));
  // A list's order is part of the template.
  CHECK(pod_template_hash(parse(R"({"spec":{"a":[1,2]}})"), {}) != pod_template_hash(parse(R"({"spec":{"a":[2,1]}})"), {}));
}
