// The other side of the comparison: the published OpenAPI v3 documents, as plain data.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace messages::api::test {

struct property {
  std::string type;        // in the words of test::field::type
  std::string format;      // the value that our `format` attribute must have, if any
  bool required = false;
  std::optional<std::string> default_value; // JSON text
  std::map<std::string, std::string> extensions; // list_type, map_keys, ...: our attribute names
  std::string description;
};

struct definition {
  std::map<std::string, property> properties;
  std::set<std::string> refs;    // full table names
  std::set<std::string> gvks;    // "apps/v1/Deployment", "v1/Pod"
  std::map<std::string, std::string> extensions; // map_type
  std::string description;
};

/// The folder with the documents, or nothing: TROUPE_KUBERNETES_API, else ../shared/kubernetes-api.
std::optional<std::string> openapi_folder();

/// Every definition of the documents by the name that our table has. Throws simdjson::simdjson_error.
std::map<std::string, definition> read_definitions(const std::string& folder);

} // namespace messages::api::test
