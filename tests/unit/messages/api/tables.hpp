// Our side of the comparison: the tables of the embedded binary schema, as plain data.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace messages::api::test {

struct field {
  std::string type; // "string", "int32", "bool", "[string]", "table a.b.C", "[table a.b.C]", "quantity", ...
  std::map<std::string, std::string> attributes;
  std::string comment;
  bool optional = false; // an absent number differs from 0
  int offset = 0;        // in the table's vtable
  bool has(const std::string& attribute) const { return attributes.count(attribute) != 0; }
  std::string get(const std::string& attribute) const;
};

struct table {
  std::map<std::string, field> fields; // by JSON name
  std::map<std::string, std::string> attributes;
  std::string comment;
  std::string file; // the .fbs that declares it
};

/// Every table of the schema by full name; throws std::runtime_error when the bytes are no schema.
std::map<std::string, table> read_tables();

} // namespace messages::api::test
