// Reads the published OpenAPI v3 documents into plain data.
#include "openapi.hpp"

#include <simdjson.h>

#include <cstdlib>
#include <filesystem>

namespace messages::api::test {

namespace {

using simdjson::dom::element;
using simdjson::dom::object;

const std::vector<std::string> documents = {"api__v1", "apis__apps__v1", "apis__autoscaling__v1",
  "apis__coordination.k8s.io__v1", "apis__discovery.k8s.io__v1", "apis__events.k8s.io__v1"};

std::string text(const object& from, const char* key) {
  std::string_view value;
  return from[key].get(value) == simdjson::SUCCESS ? std::string{value} : std::string{};
}

// io.k8s.api.core.v1.Pod -> messages.api.core.v1.Pod; the definitions that are no tables by their last name.
std::string table_name(std::string name) {
  for (std::string prefix : {"io.k8s.apimachinery.pkg.apis.", "io.k8s.api."})
    if (name.rfind(prefix, 0) == 0)
      return "messages.api." + name.substr(prefix.size());
  return name.substr(name.rfind('.') + 1);
}

std::string reference(const object& schema) {
  auto ref = text(schema, "$ref");
  simdjson::dom::array all;
  if (ref.empty() && schema["allOf"].get(all) == simdjson::SUCCESS)
    ref = text(all.at(0), "$ref");
  return ref.empty() ? ref : table_name(ref.substr(ref.rfind('/') + 1));
}

// What a reference to a definition without a table is in our schema: type and format.
const std::map<std::string, std::pair<std::string, std::string>> scalars = {
  {"messages.api.meta.v1.Time", {"int64", "date-time"}},
  {"messages.api.meta.v1.MicroTime", {"int64", "micro-time"}},
  {"messages.api.meta.v1.FieldsV1", {"string", "json"}},
  {"Quantity", {"quantity", ""}},
  {"IntOrString", {"int-or-string", ""}},
};

std::pair<std::string, std::string> type_of(const object& schema) {
  auto ref = reference(schema);
  if (auto known = scalars.find(ref); known != scalars.end())
    return known->second;
  if (!ref.empty())
    return {"table " + ref, ""};
  auto type = text(schema, "type");
  if (type == "boolean")
    return {"bool", ""};
  if (type == "integer")
    return {text(schema, "format"), ""};
  if (type == "array")
    return {"[" + type_of(schema["items"]).first + "]", ""};
  if (type == "object") {
    object values = schema["additionalProperties"];
    return {"[" + (text(values, "format") == "byte" ? "bytes" : type_of(values).first) + " entry]", ""};
  }
  return {type, ""};
}

std::map<std::string, std::string> extensions_of(const object& schema) {
  static const std::map<std::string, const char*> names = {{"list_type", "x-kubernetes-list-type"},
    {"map_keys", "x-kubernetes-list-map-keys"}, {"map_type", "x-kubernetes-map-type"},
    {"patch_merge_key", "x-kubernetes-patch-merge-key"}, {"patch_strategy", "x-kubernetes-patch-strategy"}};
  std::map<std::string, std::string> result;
  for (const auto& [ours, theirs] : names) {
    element value;
    if (schema[theirs].get(value) != simdjson::SUCCESS)
      continue;
    auto& joined = result[ours];
    if (value.is_array())
      for (std::string_view item : simdjson::dom::array{value})
        joined += (joined.empty() ? "" : ",") + std::string{item};
    else
      joined = std::string_view{value};
  }
  return result;
}

property read_property(const object& schema) {
  property p;
  std::tie(p.type, p.format) = type_of(schema);
  p.description = text(schema, "description");
  p.extensions = extensions_of(schema);
  element value;
  if (schema["default"].get(value) == simdjson::SUCCESS)
    p.default_value = simdjson::minify(value);
  return p;
}

definition read_definition(const object& schema) {
  definition d;
  d.description = text(schema, "description");
  d.extensions = extensions_of(schema);
  object properties;
  if (schema["properties"].get(properties) == simdjson::SUCCESS)
    for (auto [name, value] : properties)
      d.properties[std::string{name}] = read_property(value);
  simdjson::dom::array required;
  if (schema["required"].get(required) == simdjson::SUCCESS)
    for (std::string_view name : required)
      d.properties.at(std::string{name}).required = true;
  for (const auto& [name, p] : d.properties)
    if (auto at = p.type.find("table "); at != std::string::npos)
      d.refs.insert(p.type.substr(at + 6, p.type.find(']') - at - 6));
  simdjson::dom::array kinds;
  if (schema["x-kubernetes-group-version-kind"].get(kinds) == simdjson::SUCCESS)
    for (object kind : kinds) {
      auto group = text(kind, "group");
      d.gvks.insert((group.empty() ? "" : group + "/") + text(kind, "version") + "/" + text(kind, "kind"));
    }
  return d;
}

} // namespace

std::optional<std::string> openapi_folder() {
  const char* set = std::getenv("TROUPE_KUBERNETES_API");
  std::string folder = set ? set : "../shared/kubernetes-api";
  if (!std::filesystem::is_directory(folder + "/openapi-v3"))
    return std::nullopt;
  return folder + "/openapi-v3";
}

std::map<std::string, definition> read_definitions(const std::string& folder) {
  std::map<std::string, definition> result;
  simdjson::dom::parser parser;
  for (const auto& name : documents) {
    object schemas = parser.load(folder + "/" + name + "_openapi.json")["components"]["schemas"];
    for (auto [key, schema] : schemas)
      result.emplace(table_name(std::string{key}), read_definition(schema));
  }
  return result;
}

} // namespace messages::api::test
