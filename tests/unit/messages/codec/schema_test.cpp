#include "messages/codec/schema.hpp"

#include "tests/unit/messages/codec/sample.hpp"

#include <catch2/catch.hpp>

#include <stdexcept>

using namespace messages::codec;

TEST_CASE("kinds are found by apiVersion and kind") {
  const auto& all = sample::sample_schema();
  const auto& widget = sample::widget();
  CHECK(widget.group() == "sample.dev");
  CHECK(widget.version() == "v1");
  CHECK(widget.kind() == "Widget");
  auto core = all.find("v1", "Gadget");
  REQUIRE(core);
  CHECK(core->group().empty());
  CHECK(core->api_version() == "v1");
  CHECK(all.find("v1", "Widget") == nullptr);
  CHECK(all.find_table("sample.Spec") != nullptr);
  CHECK(all.kinds().size() == 2);
}

TEST_CASE("fields carry their attributes") {
  auto spec = sample::widget().find("spec")->nested;
  CHECK(spec->find("$ref") != nullptr);
  CHECK(spec->find("ref") == nullptr);
  CHECK(spec->find("replicas")->optional);
  CHECK_FALSE(spec->find("minReady")->optional);
  CHECK(spec->find("secret")->kind == value_kind::map);
  CHECK(spec->find("size")->kind == value_kind::quantity);
  CHECK(spec->find("strategy")->patch_retain_keys);
  auto containers = spec->find("containers");
  CHECK((containers->list && containers->kind == value_kind::table && containers->patch_merge));
  CHECK(containers->patch_merge_key == "name");
  auto container = containers->nested;
  CHECK(container->description() == "A running program.\nIt has a name.");
  CHECK(container->find("ports")->map_keys == std::vector<std::string>{"containerPort", "protocol"});
  CHECK(containers->go_type() == "[]sample.Container");
  CHECK(spec->find("extra")->go_type() == "map[string][]string");
}

TEST_CASE("the zero JSON of a type holds what is always written") {
  CHECK(sample::widget().zero_json() == R"({"metadata":{},"spec":{"containers":null,"strategy":{}}})");
}

TEST_CASE("bytes that are no schema are refused") {
  CHECK_THROWS_AS(schema("not a schema at all, only text"), std::runtime_error);
}

TEST_CASE("verify refuses what is no object") {
  CHECK_FALSE(verify(sample::widget(), object_buffer(std::string(64, '\xff'))));
  CHECK_FALSE(verify(sample::widget(), object_buffer()));
  CHECK(metadata_of(sample::widget(), object_buffer()) == nullptr);
}
