// Compares every table with the published OpenAPI document, field by field and both ways. Which fields
// Go holds by pointer is not in those documents: see schema_test.cpp for what can be checked of that.
#include "openapi.hpp"
#include "tables.hpp"

#include <catch2/catch.hpp>

#include <iostream>

namespace {

using namespace messages::api::test;

const std::vector<std::string> roots = {
  "core.v1.Namespace", "core.v1.Node", "core.v1.Pod", "core.v1.Service", "core.v1.Endpoints", "core.v1.ConfigMap",
  "core.v1.Secret", "core.v1.Event", "core.v1.ServiceAccount", "core.v1.Binding", "core.v1.PodTemplate",
  "apps.v1.Deployment", "apps.v1.ReplicaSet", "discovery.v1.EndpointSlice", "events.v1.Event",
  "coordination.v1.Lease", "autoscaling.v1.Scale", "meta.v1.ObjectMeta", "meta.v1.ListMeta", "meta.v1.Status",
  "meta.v1.DeleteOptions", "meta.v1.LabelSelector", "meta.v1.Condition"};

// Troupe's own group is in no published document: what it is, its tables alone say.
bool is_our_own(const std::string& table_name) { return table_name.rfind("messages.api.troupe.", 0) == 0; }

class differences {
public:
  void expect(bool holds, const std::string& text) {
    if (!holds)
      found_.push_back(text);
  }
  template <class T>
  void equal(const T& ours, const T& theirs, const std::string& what) {
    expect(ours == theirs, what + ": ours `" + ours + "`, theirs `" + theirs + "`");
  }
  std::string text() const {
    std::string result;
    for (const auto& one : found_)
      result += one + "\n";
    return result;
  }

private:
  std::vector<std::string> found_;
};

std::set<std::string> reachable(const std::map<std::string, definition>& all) {
  std::set<std::string> result;
  std::vector<std::string> todo;
  for (const auto& root : roots)
    todo.push_back("messages.api." + root);
  while (!todo.empty()) {
    auto name = todo.back();
    todo.pop_back();
    if (!result.insert(name).second)
      continue;
    for (const auto& ref : all.at(name).refs)
      todo.push_back(ref);
  }
  return result;
}

std::string extension(const std::map<std::string, std::string>& from, const std::string& name) {
  auto found = from.find(name);
  return found == from.end() ? "" : found->second;
}

// A documented default is one of three things: {} of a struct by value, the zero value of a field that is
// always written, or a default that the server fills in.
void compare_default(const property& theirs, const field& ours, const std::string& at, differences& diff) {
  auto value = theirs.default_value.value_or("none");
  bool by_value = ours.type.rfind("table ", 0) == 0 && ours.has("emit_empty");
  diff.expect((value == "{}") == by_value, at + ": default " + value + (by_value ? " but emit_empty" : " needs emit_empty"));
  if (value == "none" || value == "{}")
    return diff.expect(!ours.has("default_value"), at + ": default_value that is not documented");
  bool zero = value == "\"\"" || value == "0" || value == "false";
  auto documented = value.front() == '"' ? value.substr(1, value.size() - 2) : value;
  if (ours.has("default_value"))
    diff.equal(ours.get("default_value"), documented, at + ": default_value");
  else
    diff.expect(zero && (ours.has("required_field") || ours.has("emit_empty")), at + ": default " + value + " is missing");
}

void compare_field(const property& theirs, const field& ours, const std::string& at, differences& diff) {
  diff.equal(ours.type, theirs.type, at + ": type");
  diff.equal(ours.get("format"), theirs.format, at + ": format");
  diff.expect(ours.has("required_field") == theirs.required, at + (theirs.required ? ": is required" : ": is not required"));
  for (const char* name : {"list_type", "map_keys", "map_type", "patch_merge_key", "patch_strategy"})
    diff.equal(ours.get(name), extension(theirs.extensions, name), at + ": " + name);
  compare_default(theirs, ours, at, diff);
  diff.expect(ours.comment.find(theirs.description) == std::string::npos || theirs.description.empty(),
              at + ": the description is upstream's, not our own");
}

void compare_table(const definition& theirs, const table& ours, const std::string& name, differences& diff) {
  diff.equal(extension(ours.attributes, "map_type"), extension(theirs.extensions, "map_type"), name + ": map_type");
  auto gvk = extension(ours.attributes, "gvk");
  diff.expect(gvk.empty() == theirs.gvks.empty(), name + ": gvk `" + gvk + "`");
  diff.expect(gvk.empty() || theirs.gvks.count(gvk), name + ": gvk `" + gvk + "` is not documented");
  for (const auto& [key, property] : theirs.properties) {
    auto found = ours.fields.find(key);
    if (found == ours.fields.end())
      diff.expect(false, name + "." + key + ": missing in our schema");
    else
      compare_field(property, found->second, name + "." + key, diff);
  }
  for (const auto& [key, field] : ours.fields)
    diff.expect(theirs.properties.count(key), name + "." + key + ": not in the OpenAPI document");
}

} // namespace

TEST_CASE("every table equals its OpenAPI definition", "[api]") {
  auto folder = openapi_folder();
  if (!folder) {
    std::cout << "skipped: no OpenAPI documents in ../shared/kubernetes-api (TROUPE_KUBERNETES_API overrides)\n";
    return;
  }
  auto tables = read_tables();
  auto definitions = read_definitions(*folder);
  auto wanted = reachable(definitions);
  REQUIRE(wanted.size() > 200); // the documents were read
  differences diff;
  for (const auto& name : wanted) {
    auto found = tables.find(name);
    bool scalar = definitions.at(name).properties.empty() && found == tables.end();
    if (found != tables.end())
      compare_table(definitions.at(name), found->second, name, diff);
    else
      diff.expect(scalar, name + ": no table");
  }
  size_t our_own = 0;
  for (const auto& [name, table] : tables) {
    if (is_our_own(name)) {
      ++our_own;
      diff.expect(!wanted.count(name), name + ": upstream has a table of this name");
      continue;
    }
    diff.expect(wanted.count(name) || table.file.find("scalars.fbs") != std::string::npos, name + ": reachable from no kind");
  }
  std::cout << "group troupe.dev: " << our_own << " tables are Troupe's own, with nothing published to compare\n";
  CHECK(diff.text() == "");
}
