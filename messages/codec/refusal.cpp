#include "messages/codec/refusal.hpp"

#include "messages/codec/json_text.hpp"

namespace messages::codec {

namespace {

std::string kind_of(const draft& value) {
  switch (value.kind()) {
    case draft_kind::null: return "null";
    case draft_kind::boolean: return "bool";
    case draft_kind::integer:
    case draft_kind::number: return "number";
    case draft_kind::string: return "string";
    case draft_kind::array: return "array";
    case draft_kind::object: return "object";
  }
  return {};
}

// A number is shown where a number is expected: it has the wrong form or size.
std::string described(const draft& value, std::string_view go_type) {
  bool wants_number = go_type.starts_with("int") || go_type.starts_with("float");
  return value.is_number() && wants_number ? "number " + value.number_text() : kind_of(value);
}

} // namespace

void refuse(const path_frame& at, std::string message) {
  throw refusal{{at.text(), std::move(message)}};
}

void refuse_kind(const path_frame& at, const type* owner, const std::string& go_type, const draft& value) {
  auto target = owner ? "Go struct field " + owner->name() + "." + at.fields_text() + " of type "
                      : std::string("Go value of type ");
  refuse(at, "json: cannot unmarshal " + described(value, go_type) + " into " + target + go_type);
}

void refuse_value(const path_frame& at, std::string_view go_type, const draft& value) {
  refuse(at, "json: cannot unmarshal " + described(value, go_type) + " into Go value of type " + std::string(go_type));
}

void require_depth(const path_frame& at, size_t levels) {
  if (at.depth + levels > json_depth_max)
    refuse(at, "json: exceeded max depth of " + std::to_string(json_depth_max));
}

std::string quantity_text(const path_frame& at, const draft& value) {
  if (value.is_string()) {
    auto text = value.str();
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t' || text.front() == '\n'))
      text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\n'))
      text.remove_suffix(1);
    return std::string(text);
  }
  if (value.is_number())
    return value.number_text();
  refuse(at, "quantities must match the regular expression "
             "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
}

draft canonical_double(double value) {
  std::string text;
  append_json_number(value, text);
  return draft::make_number(text);
}

} // namespace messages::codec
