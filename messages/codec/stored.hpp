// Reading a field out of a FlatBuffer by the schema; shared by unpack() and encode_json().
#pragma once

#include "messages/codec/quantity.hpp"
#include "messages/codec/schema.hpp"

#include <flatbuffers/flatbuffers.h>

namespace messages::codec {

using stored_table = flatbuffers::Table;
using stored_items = flatbuffers::Vector<flatbuffers::Offset<flatbuffers::String>>; // of any offsets

/// What the offset at `at` points to.
inline const uint8_t* follow(const uint8_t* at) {
  return at + flatbuffers::ReadScalar<flatbuffers::uoffset_t>(at);
}

inline std::string_view stored_text(const uint8_t* at) {
  auto text = reinterpret_cast<const flatbuffers::String*>(follow(at));
  return {text->c_str(), text->size()};
}

inline quantity stored_quantity_at(const uint8_t* at) {
  return {flatbuffers::ReadScalar<int64_t>(at), flatbuffers::ReadScalar<int8_t>(at + 8),
          flatbuffers::ReadScalar<uint8_t>(at + 9)};
}

/// "", [], {} of a field that Go omits then.
inline bool is_omitted(const field& f, const uint8_t* at) {
  if (f.stores_empty())
    return false;
  switch (f.kind) {
    case value_kind::string:
    case value_kind::raw_json:
    case value_kind::bytes:
    case value_kind::map: return flatbuffers::ReadScalar<uint32_t>(follow(at)) == 0;
    default: return f.list && flatbuffers::ReadScalar<uint32_t>(follow(at)) == 0;
  }
}

} // namespace messages::codec
