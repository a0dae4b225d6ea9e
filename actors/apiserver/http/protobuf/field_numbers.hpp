// From a protobuf field number to the field of our schema.
#pragma once

#include <memory>
#include <string_view>
#include <unordered_map>

#include "messages/codec/schema.hpp"

namespace actors::apiserver::http::protobuf {

/// A message's fields. Immutable after construction.
struct message_layout {
  struct slot {
    const messages::codec::field* field = nullptr; // null: `inlined`
    const message_layout* inlined = nullptr;       // its fields are the outer type's
  };
  std::unordered_map<uint32_t, slot> slots;
};

/// The layout of a type; nullptr when it has none. Thread-safe; the table is read at the first call.
const message_layout* layout_of(const messages::codec::type& t);

std::string_view field_numbers_text();

} // namespace actors::apiserver::http::protobuf
