// A writer for the messages and fields that our documents use; numbers are those of OpenAPIv2.proto.
#include "actors/apiserver/discovery/gnostic.hpp"

#include "actors/apiserver/http/protobuf/wire.hpp"
#include "messages/codec/json.hpp"

namespace actors::apiserver::discovery {

using http::protobuf::append_bytes;
using http::protobuf::append_integer;
using messages::codec::draft;

namespace {

std::string named(std::string_view name, std::string_view value) {
  std::string out;
  append_bytes(1, name, out);
  append_bytes(2, value, out);
  return out;
}

void append_text(uint32_t number, const draft& value, std::string& out) {
  if (!value.str().empty())
    append_bytes(number, value.str(), out);
}

/// Extensions are YAML, of which JSON is a part.
void append_extensions(uint32_t number, const draft& value, std::string& out) {
  for (const auto& [name, content] : value.members())
    if (name.starts_with("x-")) {
      std::string any;
      append_bytes(2, messages::codec::to_json(content), any);
      append_bytes(number, named(name, any), out);
    }
}

std::string schema(const draft& value) {
  std::string out;
  append_text(1, value.get("$ref"), out);
  append_text(2, value.get("format"), out);
  append_text(4, value.get("description"), out);
  for (const auto& name : value.get("required").items())
    append_bytes(19, name.str(), out);
  if (const auto* items = value.find("additionalProperties")) {
    std::string wrapped;
    append_bytes(1, schema(*items), wrapped);
    append_bytes(21, wrapped, out);
  }
  if (const auto type = value.get("type").str(); !type.empty()) {
    std::string wrapped;
    append_bytes(1, type, wrapped);
    append_bytes(22, wrapped, out);
  }
  if (const auto* items = value.find("items")) {
    std::string wrapped;
    append_bytes(1, schema(*items), wrapped);
    append_bytes(23, wrapped, out);
  }
  if (const auto* properties = value.find("properties")) {
    std::string wrapped;
    for (const auto& [name, content] : properties->members())
      append_bytes(1, named(name, schema(content)), wrapped);
    append_bytes(25, wrapped, out);
  }
  append_extensions(31, value, out);
  return out;
}

std::string body_parameter(const draft& value) {
  std::string out;
  append_text(2, value.get("name"), out);
  append_text(3, value.get("in"), out);
  append_integer(4, value.get("required").boolean(), out);
  append_bytes(5, schema(value.get("schema")), out);
  return out;
}

/// Query and path parameters differ in where the type stands.
std::string plain_parameter(const draft& value, bool path) {
  std::string out;
  append_integer(1, value.get("required").boolean(), out);
  append_text(2, value.get("in"), out);
  append_text(3, value.get("description"), out);
  append_text(4, value.get("name"), out);
  append_text(path ? 5 : 6, value.get("type"), out);
  append_integer(path ? 18 : 20, value.get("uniqueItems").boolean(), out);
  return out;
}

void append_parameters(uint32_t number, const draft& list, std::string& out) {
  for (const auto& item : list.items()) {
    const auto in = item.get("in").str();
    std::string parameter;
    if (in == "body") {
      append_bytes(1, body_parameter(item), parameter);
    } else {
      std::string plain;
      append_bytes(in == "path" ? 4 : 3, plain_parameter(item, in == "path"), plain);
      append_bytes(2, plain, parameter);
    }
    std::string wrapped;
    append_bytes(1, parameter, wrapped);
    append_bytes(number, wrapped, out);
  }
}

std::string responses(const draft& value) {
  std::string out;
  for (const auto& [code, content] : value.members()) {
    std::string response;
    append_text(1, content.get("description"), response);
    if (const auto* answered = content.find("schema")) {
      std::string item;
      append_bytes(1, schema(*answered), item);
      append_bytes(2, item, response);
    }
    std::string wrapped;
    append_bytes(1, response, wrapped);
    append_bytes(1, named(code, wrapped), out);
  }
  return out;
}

std::string operation(const draft& value) {
  std::string out;
  for (const auto& tag : value.get("tags").items())
    append_bytes(1, tag.str(), out);
  append_text(3, value.get("description"), out);
  append_text(5, value.get("operationId"), out);
  append_parameters(8, value.get("parameters"), out);
  append_bytes(9, responses(value.get("responses")), out);
  append_extensions(13, value, out);
  return out;
}

std::string path_item(const draft& value) {
  constexpr std::pair<std::string_view, uint32_t> methods[] = {
    {"get", 2}, {"put", 3}, {"post", 4}, {"delete", 5}, {"patch", 8}};
  std::string out;
  for (const auto& [method, number] : methods)
    if (const auto* content = value.find(method))
      append_bytes(number, operation(*content), out);
  append_parameters(9, value.get("parameters"), out);
  return out;
}

} // namespace

std::string encode_gnostic_v2(const draft& document) {
  std::string out, info, paths, definitions;
  append_bytes(1, document.get("swagger").str(), out);
  append_text(1, document.at({"info", "title"}), info);
  append_text(2, document.at({"info", "version"}), info);
  append_bytes(2, info, out);
  for (const auto& [path, item] : document.get("paths").members())
    append_bytes(2, named(path, path_item(item)), paths);
  append_bytes(8, paths, out);
  for (const auto& [name, definition] : document.get("definitions").members())
    append_bytes(1, named(name, schema(definition)), definitions);
  append_bytes(9, definitions, out);
  return out;
}

} // namespace actors::apiserver::discovery
