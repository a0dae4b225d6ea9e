#include <catch2/catch.hpp>

#include "actors/apiserver/render/table.hpp"
#include "messages/codec/codec.hpp"

using namespace actors::apiserver;
using namespace actors::apiserver::render;

namespace {
draft pod() {
  return messages::codec::parse_json(
           R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","namespace":"n"},
    "spec":{"containers":[{"name":"c","image":"i"}]},"status":{"phase":"Running"}})")
    .value;
}
} // namespace

TEST_CASE("every kind gives as many cells as columns, even for an empty object") {
  for (const auto& kind : registry::kinds()) {
    INFO(kind.plural);
    std::vector<draft> cells;
    kind.cells(draft::make_object(), 0, cells);
    CHECK(cells.size() == kind.columns.size());
  }
}

TEST_CASE("a table is valid JSON whatever is included") {
  const auto& kind = *registry::find_kind("", "v1", "pods");
  for (const auto what : {include_object::none, include_object::metadata, include_object::object}) {
    std::string text;
    append_table_start(kind, {7, "token", 3}, true, text);
    append_row(kind, pod(), what, 100, text);
    append_table_end(text);
    const auto parsed = messages::codec::parse_json(text);
    REQUIRE(!parsed.error);
    CHECK(parsed.value.at({"metadata", "resourceVersion"}).str() == "7");
    CHECK(parsed.value.at({"metadata", "remainingItemCount"}).integer() == 3);
    const auto& row = parsed.value.get("rows").items().at(0);
    CHECK(row.contains("object") == (what != include_object::none));
    CHECK(row.at({"object"}).contains("spec") == (what == include_object::object));
  }
}

TEST_CASE("an object at another revision is rendered with that one") {
  const auto& kind = *registry::find_kind("", "v1", "pods");
  const auto& type = *messages::codec::api_schema().find("v1", "Pod");
  const cache::cached_object object{type, messages::codec::pack(type, pod()).object, 5};
  std::string own, later;
  append_object(kind, object, 5, own);
  append_object(kind, object, 9, later);
  CHECK(own.find("\"resourceVersion\":\"5\"") != std::string::npos);
  CHECK(later.find("\"resourceVersion\":\"9\"") != std::string::npos);
}
