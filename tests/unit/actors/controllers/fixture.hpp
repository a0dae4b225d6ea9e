// A controller with caches that are filled by hand, and objects written as JSON.
#pragma once

#include <catch2/catch.hpp>

#include "actors/controllers/framework/controller.hpp"
#include "messages/codec/codec.hpp"
#include "messages/codec/json.hpp"

namespace samples {

using actors::client::draft;
using actors::client::resource;
using actors::controllers::framework::operation;
using actors::controllers::framework::sync_plan;

inline draft json(std::string_view text) {
  auto parsed = messages::codec::parse_json(text);
  if (parsed.error)
    throw std::invalid_argument(parsed.error->message + " in " + std::string{text});
  return parsed.value;
}

inline messages::codec::object_buffer pack(const resource& what, const draft& object) {
  auto packed = messages::codec::pack(what.type(), object);
  if (packed.error)
    FAIL(packed.error->path << ": " << packed.error->message);
  return packed.object;
}

/// Starts a controller without an actor: its watches stay empty until put() fills them.
template <class Controller>
class fixture {
public:
  template <class... Args>
  explicit fixture(Args&&... args)
      : api(nullptr, runtime::host::role_context{}, {}), tools{api, [this](const std::string& key) { queued.insert(key); },
              [this](const std::string& key, std::chrono::milliseconds delay) { delayed[key] = delay; }},
        controller(std::forward<Args>(args)...) {
    controller.start(tools);
  }

  actors::client::object_cache& cache(const resource& what) {
    for (auto* found : api.caches())
      if (&found->what() == &what)
        return *found;
    FAIL("the controller does not watch " << what.plural);
    throw std::logic_error("unreachable");
  }
  void put(const resource& what, const draft& object) {
    cache(what).apply(runtime::protocols::apiserver::EventType::added, pack(what, object), ++revision);
  }
  void put(const resource& what, const char* object) { put(what, json(object)); }
  void erase(const resource& what, std::string_view key) {
    auto& from = cache(what);
    const auto* found = from.find(key);
    REQUIRE(found != nullptr);
    from.apply(runtime::protocols::apiserver::EventType::deleted, messages::codec::object_buffer{found->object}, ++revision);
  }
  sync_plan sync(const std::string& key) { return controller.sync(key); }
  /// What was queued since the last call.
  std::set<std::string> take_queued() { return std::exchange(queued, {}); }

  actors::client::api_client api;
  actors::controllers::framework::setup tools;
  std::set<std::string> queued;
  std::map<std::string, std::chrono::milliseconds> delayed;
  int64_t revision = 100;
  Controller controller;
};

inline std::vector<operation> of_verb(const sync_plan& plan, operation::verb verb) {
  std::vector<operation> result;
  for (const auto& item : plan.operations)
    if (item.what == verb)
      result.push_back(item);
  return result;
}

} // namespace samples
