// Snapshots and change windows.
#include <catch2/catch.hpp>

#include "actors/apiserver/cache/rendered_texts.hpp"
#include "actors/apiserver/cache/watch_cache.hpp"
#include "messages/codec/codec.hpp"

using namespace actors::apiserver::cache;
using messages::codec::draft;

namespace {

object_ptr config_map(const std::string& name, int64_t revision) {
  const auto& type = *messages::codec::api_schema().find("v1", "ConfigMap");
  const draft object = draft::make_object({{"apiVersion", "v1"},
                                           {"kind", "ConfigMap"},
                                           {"metadata", draft::make_object({{"name", name}, {"namespace", "default"}})}});
  return std::make_shared<const cached_object>(type, messages::codec::pack(type, object).object, revision);
}

change put(const std::string& name, int64_t revision) {
  return {revision, "/configmaps/default/" + name, nullptr, config_map(name, revision)};
}

} // namespace

TEST_CASE("a window gives the changes after a revision, in order, and says when that is too old") {
  change_window window;
  window.reset(10);
  for (int64_t revision = 11; revision <= 20; ++revision)
    window.append(put("a", revision));
  const auto page = window.read(14, 3);
  REQUIRE(page.changes.size() == 3);
  CHECK(page.changes.front().revision == 15);
  CHECK(page.upto == 17);
  CHECK_FALSE(page.expired);
  CHECK(window.read(9, 3).expired);
  CHECK_FALSE(window.read(10, 3).expired);
  window.advance(25);
  CHECK(window.read(20, 3).upto == 25);
  CHECK(window.read(20, 3).changes.empty());
}

TEST_CASE("a window is bounded and its oldest revision moves on") {
  change_window window;
  window.reset(0);
  const auto count = static_cast<int64_t>(change_window::changes_max) + 100;
  for (int64_t revision = 1; revision <= count; ++revision)
    window.append({revision, "/configmaps/default/a", nullptr, nullptr});
  CHECK(window.oldest() == 100);
  CHECK(window.read(99, 1).expired);
  CHECK(window.read(100, 1).changes.front().revision == 101);
}

TEST_CASE("a window ignores changes that it has seen") {
  change_window window;
  window.reset(0);
  window.append(put("a", 1));
  window.append(put("a", 1));
  CHECK(window.read(0, 10).changes.size() == 1);
}

TEST_CASE("changes enter the state and the window, and wake only those who watch the resource") {
  watch_cache cache{{{"/configmaps/", "main"}, {"/secrets/", "main"}, {"/pods/", "pods"}}};
  auto& shard = cache.shard("main");
  CHECK_FALSE(cache.ready());
  auto loaded = std::make_shared<snapshot>();
  loaded->revision = 5;
  loaded->objects = loaded->objects.put("/configmaps/default/old", config_map("old", 4));
  shard.load(loaded, 2);
  CHECK(shard.ready());
  int woken = 0, others = 0;
  const auto subscription = shard.subscribe("/configmaps/", [&] { ++woken; });
  shard.subscribe("/secrets/", [&] { ++others; });
  const auto before = shard.read();
  shard.apply({put("replayed", 3), put("new", 6)}, 7);
  CHECK(woken == 1);
  CHECK(others == 0);
  CHECK(shard.read()->revision == 7);
  CHECK(shard.read()->objects.find("/configmaps/default/new") != nullptr);
  CHECK(shard.read()->objects.find("/configmaps/default/replayed") == nullptr); // older than the loaded state
  CHECK(before->objects.find("/configmaps/default/new") == nullptr);
  CHECK(shard.window("/configmaps/").read(2, 10).changes.size() == 2); // but watches can resume from there
  shard.unsubscribe("/configmaps/", subscription);
  shard.apply({{8, "/configmaps/default/new", nullptr, nullptr}}, 8);
  CHECK(woken == 1);
  CHECK(shard.read()->objects.find("/configmaps/default/new") == nullptr);
}

TEST_CASE("a window forgets what is old, a little at a time, and keeps the newest") {
  change_window window;
  window.reset(0);
  constexpr int64_t kept = change_window::changes_min;
  constexpr int64_t step = change_window::forgotten_max;
  constexpr int64_t age_us = std::chrono::microseconds{change_window::age_max}.count();
  int64_t revision = 0;
  const auto write = [&](int64_t count) {
    while (count-- > 0)
      window.append(put("a", ++revision));
  };
  write(kept + 2 * step);
  window.age(1'000'000);
  write(10); // younger than that moment
  window.age(1'000'000 + age_us - 1);
  CHECK(window.oldest() == 0);
  window.age(1'000'000 + age_us);
  CHECK(window.oldest() == step);
  CHECK(window.read(step - 1, 1).expired);
  CHECK(window.read(step, 1).changes.front().revision == step + 1);
  window.age(1'000'000 + age_us);
  window.age(1'000'000 + age_us);
  CHECK(window.oldest() == 2 * step + 10); // changes_min are left
  window.age(10 * age_us);
  CHECK(window.oldest() == 2 * step + 10);
  CHECK(window.read(window.oldest(), 2 * kept).changes.size() == kept);
  // What is written now has its time before it, too.
  write(step);
  window.age(20 * age_us);
  window.age(21 * age_us - 1);
  CHECK(window.oldest() == 2 * step + 10);
  window.age(21 * age_us);
  CHECK(window.oldest() == 3 * step + 10);
}

TEST_CASE("an object is rendered once, with its revision") {
  const auto object = config_map("a", 12);
  const auto first = object->json();
  CHECK(first == object->json());
  CHECK(first->find(R"("resourceVersion":"12")") != std::string::npos);
}

TEST_CASE("a text is kept while it is asked for, and not longer than its object") {
  rendered_texts texts;
  const auto first = config_map("a", 1), second = config_map("b", 2);
  const auto text = [](std::string value) { return std::make_shared<const std::string>(std::move(value)); };
  constexpr int64_t idle_us = std::chrono::microseconds{rendered_texts::idle_max}.count();
  const auto age = [&](int64_t now_us) {
    for (size_t i = 0; i < rendered_texts::parts; ++i)
      texts.age(now_us);
  };
  age(0);
  const auto kept = texts.admit(*first, text("first"));
  CHECK(texts.admit(*first, text("rendered meanwhile")) == kept);
  texts.admit(*second, text("second"));
  CHECK(texts.bytes() == 11);
  age(idle_us - 1);
  CHECK(texts.find(*first) == kept);
  age(idle_us);
  CHECK(texts.find(*first) == kept);
  CHECK(texts.find(*second) == nullptr);
  CHECK(texts.bytes() == 5);
  CHECK(*texts.admit(*second, text(std::string(rendered_texts::bytes_max, 'x'))) != "second"); // is answered, though it does not fit
  CHECK(texts.find(*second) == nullptr);
  texts.forget(*first);
  CHECK(texts.find(*first) == nullptr);
  CHECK(texts.bytes() == 0);
}

TEST_CASE("an object that ends takes its text along") {
  const size_t before = rendered().bytes();
  auto object = config_map("a", 12);
  const auto text = object->json();
  CHECK(rendered().bytes() == before + text->size());
  object = nullptr;
  CHECK(rendered().bytes() == before);
}

TEST_CASE("the objects of one resource can be had as they were, as far back as the window goes") {
  shard_cache shard("main", {"/configmaps/", "/secrets/"});
  auto loaded = std::make_shared<snapshot>();
  loaded->revision = 10;
  loaded->objects = loaded->objects.put("/configmaps/default/a", config_map("a", 4)).put("/configmaps/default/b", config_map("b", 6));
  shard.load(loaded, 10);
  const auto key = [](const std::string& name) { return "/configmaps/default/" + name; };
  shard.apply({{11, key("c"), nullptr, config_map("c", 11), 0},
               {12, key("a"), config_map("a", 0), config_map("a", 12), 4},
               {13, key("b"), config_map("b", 13), nullptr, 6},
               {14, "/secrets/default/x", nullptr, config_map("x", 14), 0},
               {15, key("a"), config_map("a", 0), config_map("a", 15), 12}},
              15);
  const auto seen = [&](int64_t revision) {
    std::string text;
    const auto state = shard.as_of("/configmaps/", revision);
    if (state == nullptr)
      return std::string{"none"};
    CHECK(state->revision == revision);
    state->objects.visit("/configmaps/", "", [&](std::string_view name, const object_ptr& object) {
      text += std::string{name.substr(name.rfind('/') + 1)} + std::to_string(object->revision()) + " ";
      return true;
    });
    return text;
  };
  CHECK(seen(15) == "a15 c11 ");
  CHECK(seen(14) == "a12 c11 ");
  CHECK(seen(13) == "a12 c11 ");
  CHECK(seen(12) == "a12 b6 c11 ");
  CHECK(seen(11) == "a4 b6 c11 ");
  CHECK(seen(10) == "a4 b6 ");
  CHECK(seen(9) == "none");
  CHECK(seen(16) == "none");
}
