// What holds for every kind of the table.
#include "samples.hpp"

#include <set>

#include "actors/apiserver/registry/fields.hpp"
#include "messages/codec/codec.hpp"

using namespace samples;
namespace registry = actors::apiserver::registry;

namespace {

std::string full_name(const kind& k) {
  return k.group == "events.k8s.io" ? "events.k8s.io/Event" : std::string(k.name);
}

} // namespace

TEST_CASE("every kind is complete and known to the schema") {
  std::set<std::string> names;
  for (auto& k : registry::kinds()) {
    INFO(k.api_version() << " " << k.name);
    CHECK(names.insert(k.api_version() + "/" + std::string(k.plural)).second);
    CHECK(messages::codec::api_schema().find(k.api_version(), k.name));
    CHECK(k.key_prefix.starts_with('/'));
    CHECK(k.key_prefix.ends_with('/'));
    REQUIRE(k.apply_defaults);
    REQUIRE(k.prepare_create);
    REQUIRE(k.prepare_update);
    REQUIRE(k.validate);
    REQUIRE(k.validate_update);
    REQUIRE(k.cells);
    CHECK(k.has_status == (k.prepare_status_update != nullptr));
    CHECK(k.has_status == (k.validate_status_update != nullptr));
    CHECK(k.has_status == (k.find_subresource("status") != nullptr));
    CHECK(k.has_scale == (k.scale_of != nullptr && k.apply_scale != nullptr));
    CHECK((k.to_stored == nullptr) == k.stored_version.empty());
  }
}

TEST_CASE("the sample of every kind is valid, and stays so when nothing changes") {
  for (auto& k : registry::kinds()) {
    INFO(k.api_version() << " " << k.name);
    auto object = sample(full_name(k));
    CHECK(mistakes(k, object) == std::vector<std::string>{});
    auto next = object;
    k.apply_defaults(next);
    next = canonical(k, next);
    CHECK(messages::codec::to_json(next) == messages::codec::to_json(object));
    k.prepare_update({"tester", now_seconds}, next, object);
    CHECK(messages::codec::to_json(canonical(k, next)) == messages::codec::to_json(object));
    CHECK(update_mistakes(k, next, object) == std::vector<std::string>{});
  }
}

TEST_CASE("every row has a cell per column, even of an empty object") {
  for (auto& k : registry::kinds()) {
    INFO(k.api_version() << " " << k.name);
    CHECK(cells(k, sample(full_name(k))).size() == k.columns.size());
    CHECK(cells(k, draft::make_object()).size() == k.columns.size());
  }
}

TEST_CASE("functions take members of unexpected kinds without throwing") {
  // The schema refuses these before; still, nothing here may crash an apiserver.
  for (auto& k : registry::kinds()) {
    for (auto text : {R"({})", R"({"metadata":null,"spec":null,"status":null})",
                      R"({"metadata":7,"spec":[],"status":"x"})",
                      R"({"spec":{"template":[],"containers":{},"volumes":[1],"ports":["x"]},"subsets":[null],
                          "endpoints":[3],"data":[1]})"}) {
      INFO(k.name << " " << text);
      auto object = json(text);
      auto old = sample(full_name(k));
      registry::field_errors errors;
      CHECK_NOTHROW(k.apply_defaults(object));
      CHECK_NOTHROW(k.validate(object, errors));
      CHECK_NOTHROW(k.prepare_update({"tester", now_seconds}, object, old));
      CHECK_NOTHROW(k.validate_update(object, old, errors));
      CHECK_NOTHROW(k.validate_update(old, object, errors));
      CHECK_NOTHROW(k.prepare_create({"tester", now_seconds}, object));
      CHECK_NOTHROW(cells(k, object));
    }
  }
}
