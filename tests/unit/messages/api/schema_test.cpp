// What the schema must keep by itself, without the OpenAPI documents at hand.
#include "tables.hpp"

#include "messages/api/core/v1/pod_generated.h"

#include <catch2/catch.hpp>

#include <set>

using namespace messages::api::test;

TEST_CASE("every kind and field has a short description", "[api]") {
  std::string without;
  for (const auto& [name, table] : read_tables()) {
    if (table.file.find("scalars.fbs") != std::string::npos)
      continue;
    if (table.comment.empty())
      without += name + "\n";
    for (const auto& [key, field] : table.fields)
      if (field.comment.empty() || field.comment.size() > 110)
        without += name + "." + key + "\n";
  }
  CHECK(without == "");
}

TEST_CASE("attributes stand only where they have a meaning", "[api]") {
  const std::set<std::string> numbers = {"bool", "int32", "int64", "double"};
  std::string wrong;
  auto expect = [&](bool holds, const std::string& text) {
    if (!holds)
      wrong += text + "\n";
  };
  for (const auto& [name, table] : read_tables()) {
    for (const auto& [key, field] : table.fields) {
      auto at = name + "." + key;
      bool list = field.type.front() == '[';
      bool time = field.get("format") == "date-time" || field.get("format") == "micro-time";
      expect(!field.has("pointer") || field.type == "string", at + ": pointer is for text; numbers are `= null`");
      expect(!field.has("list_type") || list, at + ": list_type of what is no list");
      expect(!field.has("map_keys") || field.get("list_type") == "map", at + ": map_keys without a list_type map");
      expect((field.get("list_type") == "map") == field.has("map_keys"), at + ": a list_type map needs map_keys");
      expect(!time || (field.type == "int64" && field.optional), at + ": a time is `int64 = null`");
      expect(!numbers.count(field.type) || time || !(field.optional && field.has("required_field")),
             at + ": a required number is never null");
      expect(!numbers.count(field.type) || time || !field.has("emit_empty"), at + ": emit_empty on a number");
    }
  }
  CHECK(wrong == "");
}

TEST_CASE("every table with gvk has kind, apiVersion and metadata as upstream's objects have", "[api]") {
  std::set<std::string> kinds;
  for (const auto& [name, table] : read_tables()) {
    auto gvk = table.attributes.find("gvk");
    if (gvk == table.attributes.end())
      continue;
    INFO(name);
    CHECK(kinds.insert(gvk->second).second);
    CHECK(table.fields.count("kind") == 1);
    CHECK(table.fields.count("apiVersion") == 1);
    CHECK((table.fields.count("metadata") == 1 || gvk->second == "v1/DeleteOptions"));
  }
  for (const char* kind : {"v1/Pod", "v1/Node", "v1/Service", "v1/Event", "events.k8s.io/v1/Event", "apps/v1/Deployment",
                           "apps/v1/ReplicaSet", "coordination.k8s.io/v1/Lease", "discovery.k8s.io/v1/EndpointSlice",
                           "autoscaling/v1/Scale", "v1/Status", "v1/DeleteOptions"}) {
    INFO(kind);
    CHECK(kinds.count(kind) == 1);
  }
}

TEST_CASE("generated accessors and the embedded schema agree on where a field is", "[api]") {
  using messages::api::core::v1::PodSpec;
  auto fields = read_tables().at("messages.api.core.v1.PodSpec").fields;
  CHECK(fields.size() == 42);
  CHECK(fields.at("activeDeadlineSeconds").offset == PodSpec::VT_ACTIVEDEADLINESECONDS);
  CHECK(fields.at("nodeName").offset == PodSpec::VT_NODENAME);
  CHECK(fields.at("volumes").offset == PodSpec::VT_VOLUMES);
}

TEST_CASE("an explicit 0 of a pointer field survives, that of a plain one is absent", "[api]") {
  using namespace messages::api::core::v1;
  flatbuffers::FlatBufferBuilder builder;
  PodSpecBuilder spec(builder);
  spec.add_priority(0);
  spec.add_enableServiceLinks(false);
  spec.add_hostNetwork(false);
  builder.Finish(spec.Finish());
  flatbuffers::Verifier verifier(builder.GetBufferPointer(), builder.GetSize());
  REQUIRE(verifier.VerifyBuffer<PodSpec>());
  const auto* read = flatbuffers::GetRoot<PodSpec>(builder.GetBufferPointer());
  CHECK(read->priority() == flatbuffers::Optional<int32_t>(0));
  CHECK(read->enableServiceLinks() == flatbuffers::Optional<bool>(false));
  CHECK_FALSE(read->automountServiceAccountToken().has_value());
  CHECK_FALSE(flatbuffers::IsFieldPresent(read, PodSpec::VT_HOSTNETWORK));
}
