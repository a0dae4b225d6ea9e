// What a watcher with a required field finds at its start, with the index and without.
#include "actors/apiserver/selectors/state_index.hpp"

#include <catch2/catch.hpp>
#include <random>

#include "messages/codec/codec.hpp"

using namespace actors::apiserver;
using messages::codec::draft;

namespace {

const registry::kind& pods() { return *registry::find_kind("", "v1", "pods"); }

cache::object_ptr pod_on(const std::string& name, const std::string& node, int64_t revision) {
  const auto* type = messages::codec::api_schema().find("v1", "Pod");
  draft pod = draft::make_object({{"metadata", draft::make_object({{"name", name}, {"namespace", "default"}})},
                                  {"spec", draft::make_object({{"nodeName", node}})}});
  return std::make_shared<const cache::cached_object>(*type, messages::codec::pack(*type, pod).object, revision);
}

selectors::object_selector on(const std::string& node) {
  return std::get<selectors::object_selector>(selectors::object_selector::parse(pods(), "", "spec.nodeName=" + node));
}

std::vector<std::string> matching(const cache::snapshot& state, const selectors::object_selector& wanted) {
  std::vector<std::string> keys;
  state.objects.visit("/pods/", "", [&](std::string_view key, const cache::object_ptr& object) {
    if (wanted.matches(object->what(), object->bytes()))
      keys.emplace_back(key);
    return true;
  });
  return keys;
}

} // namespace

TEST_CASE("the index and the changes since name every object that a selector requires") {
  const auto seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  cache::snapshot state;
  std::vector<cache::change> later;
  const auto change = [&] {
    ++state.revision;
    const auto name = "p" + std::to_string(random() % 200);
    const auto key = "/pods/default/" + name;
    const auto* before = state.objects.find(key);
    cache::change item{state.revision, key, before == nullptr ? nullptr : *before, nullptr, 0};
    if (random() % 3 == 0) {
      state.objects = state.objects.erase(key);
    } else {
      item.after = pod_on(name, "n" + std::to_string(random() % 7), state.revision);
      state.objects = state.objects.put(key, item.after);
    }
    later.push_back(std::move(item));
  };
  for (int i = 0; i < 300; ++i)
    change();
  later.clear();
  const selectors::state_index index(state, "/pods/", *on("n1").required_field());
  CHECK(index.revision() == state.revision);
  for (int round = 0; round < 5; ++round) {
    for (int n = 0; n < 8; ++n) { // n7 is nowhere
      const auto wanted = on("n" + std::to_string(n));
      std::vector<std::string> found;
      for (const auto& key : index.candidates("n" + std::to_string(n), later))
        if (const auto* object = state.objects.find(key); object != nullptr && wanted.matches((*object)->what(), (*object)->bytes()))
          found.push_back(key);
      CHECK(found == matching(state, wanted));
    }
    for (int i = 0; i < 60; ++i)
      change();
  }
}
