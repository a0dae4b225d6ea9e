// Reads the embedded binary schema into plain data.
#include "tables.hpp"

#include "messages/api/schema_bytes.hpp"

#include <flatbuffers/reflection_generated.h>

#include <stdexcept>

namespace messages::api::test {

namespace {

const std::string scalars = "messages.api.meta.v1.";

template <class Vector>
std::map<std::string, std::string> read_attributes(const Vector* attributes) {
  std::map<std::string, std::string> result;
  if (attributes)
    for (const auto* entry : *attributes)
      result[entry->key()->str()] = entry->value() ? entry->value()->str() : std::string{};
  return result;
}

template <class Vector>
std::string read_comment(const Vector* lines) {
  std::string result;
  if (lines)
    for (const auto* line : *lines)
      result += line->str();
  return result;
}

std::string scalar_name(reflection::BaseType base) {
  switch (base) {
    case reflection::BaseType::Bool: return "bool";
    case reflection::BaseType::UByte: return "ubyte";
    case reflection::BaseType::Int: return "int32";
    case reflection::BaseType::Long: return "int64";
    case reflection::BaseType::Double: return "double";
    case reflection::BaseType::String: return "string";
    default: return std::string{"other "} + reflection::EnumNameBaseType(base);
  }
}

std::string object_name(const reflection::Schema& schema, int index) {
  auto name = schema.objects()->Get(index)->name()->str();
  if (name == scalars + "Quantity")
    return "quantity";
  if (name == scalars + "IntOrString")
    return "int-or-string";
  if (name == scalars + "StringEntry")
    return "string entry";
  if (name == scalars + "BytesEntry")
    return "bytes entry";
  if (name == scalars + "QuantityEntry")
    return "quantity entry";
  return "table " + name;
}

std::string type_name(const reflection::Schema& schema, const reflection::Type& type) {
  if (type.base_type() == reflection::BaseType::Obj)
    return object_name(schema, type.index());
  if (type.base_type() != reflection::BaseType::Vector)
    return scalar_name(type.base_type());
  return "[" + (type.element() == reflection::BaseType::Obj ? object_name(schema, type.index()) : scalar_name(type.element())) + "]";
}

} // namespace

std::string field::get(const std::string& attribute) const {
  auto found = attributes.find(attribute);
  return found == attributes.end() ? std::string{} : found->second;
}

std::map<std::string, table> read_tables() {
  auto bytes = schema_bytes();
  auto* data = reinterpret_cast<const uint8_t*>(bytes.data());
  flatbuffers::Verifier verifier(data, bytes.size());
  if (!reflection::VerifySchemaBuffer(verifier))
    throw std::runtime_error("the embedded bytes are no binary schema");
  const auto& schema = *reflection::GetSchema(data);
  std::map<std::string, table> result;
  for (const auto* object : *schema.objects()) {
    auto& t = result[object->name()->str()];
    t.attributes = read_attributes(object->attributes());
    t.comment = read_comment(object->documentation());
    t.file = object->declaration_file() ? object->declaration_file()->str() : std::string{};
    for (const auto* member : *object->fields()) {
      field f;
      f.attributes = read_attributes(member->attributes());
      f.comment = read_comment(member->documentation());
      f.optional = member->optional();
      f.offset = member->offset();
      f.type = type_name(schema, *member->type());
      t.fields[f.has("json") ? f.get("json") : member->name()->str()] = std::move(f);
    }
  }
  return result;
}

} // namespace messages::api::test
