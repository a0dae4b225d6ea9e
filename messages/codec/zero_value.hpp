// The drafts of fields that are not stored but written.
#pragma once

#include "messages/codec/json.hpp"
#include "messages/codec/schema.hpp"

namespace messages::codec {

/// Of a field that is always written; null when nothing is written.
inline draft zero_value(const field& f) {
  std::string_view json = f.zero_json;
  if (json == "null")
    return {};
  if (json == "\"\"")
    return "";
  if (json == "0")
    return 0;
  if (f.kind != value_kind::table)
    return parse_json(json).value;
  draft::object members;
  for (const auto& inner : f.nested->fields())
    if (inner.always_written() && inner.zero_json != "null")
      members.emplace_back(inner.key, zero_value(inner));
  return draft::make_object(std::move(members));
}

/// Of a map's entry without a value.
inline draft zero_value_of_entry(const field& value) {
  return value.kind == value_kind::bytes ? draft("") : parse_json(value.zero_json).value;
}

} // namespace messages::codec
