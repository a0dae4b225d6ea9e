// What watchers are sent: each one what it would be sent if it were alone, however many share what is written.
#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <map>

#include "actors/apiserver/http/watch_source.hpp"
#include "messages/codec/codec.hpp"

using namespace actors::apiserver;
using namespace actors::apiserver::http;
using messages::codec::draft;

namespace {

const std::string prefix = "/configmaps/";

const registry::kind& config_maps() { return *registry::find_kind("", "v1", "configmaps"); }

struct one_loop final : event_loop {
  void post(std::function<void()> work) override { work(); }
  size_t index() const override { return index_; }
  size_t index_ = 0;
};

cache::object_ptr config_map(const std::string& name, const std::string& color, int64_t revision) {
  const auto& type = *messages::codec::api_schema().find("v1", "ConfigMap");
  const draft object =
    draft::make_object({{"apiVersion", "v1"},
                        {"kind", "ConfigMap"},
                        {"metadata", draft::make_object({{"name", name},
                                                         {"namespace", "default"},
                                                         {"labels", draft::make_object({{"color", color}})}})}});
  return std::make_shared<const cache::cached_object>(type, messages::codec::pack(type, object).object, revision);
}

/// A resource that changes.
struct resource {
  cache::watch_cache all{{{prefix, "main"}}};
  cache::shard_cache& shard = all.shard("main");
  wake_hubs hubs;
  std::map<std::string, cache::object_ptr> objects;
  int64_t revision = 1;

  resource() {
    auto empty = std::make_shared<cache::snapshot>();
    empty->revision = revision;
    shard.load(empty, revision);
  }
  /// An empty color deletes.
  void put(const std::string& name, const std::string& color) {
    const auto before = objects[name];
    objects[name] = color.empty() ? nullptr : config_map(name, color, ++revision);
    if (color.empty())
      ++revision;
    shard.apply({{revision, prefix + "default/" + name, before, objects[name]}}, revision);
  }
};

/// A watcher, which reads when it is told to.
struct watcher {
  std::string received;
  std::unique_ptr<watch_source> source;

  watcher(resource& of, const std::shared_ptr<one_loop>& home, const std::string& labels, object_form form) {
    watch_settings settings;
    settings.kind = &config_maps();
    settings.prefix = prefix;
    settings.selector_text = labels;
    settings.selector = std::get<selectors::object_selector>(selectors::object_selector::parse(config_maps(), labels, ""));
    settings.form = form;
    settings.after = of.revision;
    settings.ends_at_us = 1'000'000'000;
    settings.window = &of.shard.window(prefix);
    settings.hub = of.hubs.find(home, of.shard, prefix);
    settings.clock = std::make_shared<runtime::seams::manual_clock>();
    settings.random = std::make_shared<runtime::seams::seeded_random>(1);
    source = std::make_unique<watch_source>(std::move(settings));
    source->attach([] {});
  }
  void read() {
    for (;;) {
      std::string piece;
      const auto step = source->read(piece);
      received += piece;
      if (step.what != body_source::next::more)
        return;
    }
  }
};

size_t events(const std::string& text) { return static_cast<size_t>(std::count(text.begin(), text.end(), '\n')); }

} // namespace

TEST_CASE("watchers that share what is written each get what they would get alone", "[watch]") {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    runtime::seams::seeded_random random{seed};
    resource changing;
    const auto home = std::make_shared<one_loop>();
    struct pair {
      watcher shared, alone;
    };
    std::vector<pair> watchers;
    size_t loops = 0;
    for (int step = 0; step < 300; ++step) {
      const auto what = random.below(10);
      if (what < 4) {
        changing.put("m" + std::to_string(random.below(5)), std::array{"", "red", "blue"}[random.below(3)]);
      } else if (what < 5 && watchers.size() < 12) { // also in the middle of it, from its own position
        const auto form = std::array{object_form::object, object_form::metadata, object_form::table}[random.below(3)];
        const std::string labels = std::array{"", "color=red", "color=blue"}[random.below(3)];
        const auto own = std::make_shared<one_loop>();
        own->index_ = ++loops;
        watchers.push_back({{changing, home, labels, form}, {changing, own, labels, form}});
      } else if (!watchers.empty()) {
        watchers[random.below(watchers.size())].shared.read(); // some read seldom
        if (what == 9)
          for (auto& each : watchers) // all are woken
            each.shared.read();
      }
    }
    size_t all = 0;
    for (auto& each : watchers) {
      each.shared.read();
      each.alone.read();
      INFO("seed " << seed);
      if (each.shared.received.find(R"("kind":"Table")") == std::string::npos) // whose columns come with the first piece
        REQUIRE(each.shared.received == each.alone.received);
      REQUIRE(events(each.shared.received) == events(each.alone.received));
      all += events(each.shared.received);
    }
    REQUIRE(all > 0);
  }
}

TEST_CASE("what one watcher was sent is there for its equals, and only from the same position", "[watch]") {
  resource changing;
  const auto home = std::make_shared<one_loop>();
  watcher first{changing, home, "color=red", object_form::object}, second{changing, home, "color=red", object_form::object};
  watcher other{changing, home, "color=blue", object_form::object};
  const auto hub = changing.hubs.find(home, changing.shard, prefix);
  const int64_t before = changing.revision;
  changing.put("a", "red");
  first.read();
  const auto* kept = hub->written("0 v1 /configmaps/ color=red", before);
  REQUIRE(kept != nullptr);
  CHECK(kept->upto == changing.revision);
  CHECK(kept->events == first.received);
  CHECK(hub->written("0 v1 /configmaps/ color=red", changing.revision) == nullptr);
  CHECK(hub->written("0 v1 /configmaps/ color=blue", before) == nullptr);
  changing.put("b", "red"); // the second one is sent both: what is kept, and what came since
  second.read();
  CHECK(events(second.received) == 2);
  other.read();
  CHECK(events(other.received) == 0);
}

TEST_CASE("a large piece is not kept, nor one for a watcher that is alone", "[watch]") {
  resource changing;
  const auto home = std::make_shared<one_loop>();
  watcher alone{changing, home, "", object_form::object};
  const auto hub = changing.hubs.find(home, changing.shard, prefix);
  hub->remember("all", 1, 2, "text");
  CHECK(hub->written("all", 1) == nullptr);
  watcher second{changing, home, "", object_form::object};
  hub->remember("all", 1, 2, std::string(wake_hub::piece_kept_bytes_max + 1, 'x'));
  CHECK(hub->written("all", 1) == nullptr);
  hub->remember("all", 1, 2, "text");
  CHECK(hub->written("all", 1) != nullptr);
}

TEST_CASE("two API forms of one stored object are not taken for each other", "[watch]") {
  const auto& core = *registry::find_kind("", "v1", "events");
  const auto& newer = *registry::find_kind("events.k8s.io", "v1", "events");
  REQUIRE(core.key_prefix == newer.key_prefix);
  const std::string events_prefix{core.key_prefix};
  cache::watch_cache all{{{events_prefix, "main"}}};
  auto& shard = all.shard("main");
  auto empty = std::make_shared<cache::snapshot>();
  empty->revision = 1;
  shard.load(empty, 1);
  wake_hubs hubs;
  const auto home = std::make_shared<one_loop>();
  const auto watch = [&](const registry::kind& kind) {
    watch_settings settings;
    settings.kind = &kind;
    settings.prefix = events_prefix;
    settings.after = 1;
    settings.ends_at_us = 1'000'000'000;
    settings.window = &shard.window(core.key_prefix);
    settings.hub = hubs.find(home, shard, core.key_prefix);
    settings.clock = std::make_shared<runtime::seams::manual_clock>();
    settings.random = std::make_shared<runtime::seams::seeded_random>(1);
    auto source = std::make_unique<watch_source>(std::move(settings));
    source->attach([] {});
    return source;
  };
  const auto of_core = watch(core), of_newer = watch(newer);
  const auto& type = *messages::codec::api_schema().find("v1", "Event");
  const draft event = draft::make_object(
    {{"apiVersion", "v1"}, {"kind", "Event"}, {"metadata", draft::make_object({{"name", "e"}, {"namespace", "default"}})}});
  const auto object = std::make_shared<const cache::cached_object>(type, messages::codec::pack(type, event).object, 2);
  shard.apply({{2, events_prefix + "default/e", nullptr, object}}, 2);
  std::string first, second;
  of_core->read(first);
  of_newer->read(second);
  CHECK(first.find(R"("apiVersion":"v1")") != std::string::npos);
  CHECK(second.find(R"("apiVersion":"events.k8s.io/v1")") != std::string::npos);
}
