// Drafts and JSON <-> FlatBuffers, as a type of the schema says. Pure functions, safe on any thread.
#pragma once

#include "messages/codec/json.hpp"
#include "messages/codec/object.hpp"
#include "messages/codec/schema.hpp"

#include <optional>
#include <string>
#include <vector>

namespace messages::codec {

/// Makes `value` a well-formed object of type `t` and canonical: unknown fields are removed and reported in
/// `strict_errors`, nulls are removed (in lists and maps they become zero values, as in Go), quantities, times
/// and base64 get their canonical spelling. The error is upstream's text for a value of the wrong type.
std::optional<codec_error> check(const type& t, draft& value, std::vector<std::string>& strict_errors);

struct pack_result {
  object_buffer object;
  std::optional<codec_error> error;
};

/// Accepts what check() accepts, and refuses unknown fields. Does not need check() to be called before.
pack_result pack(const type& t, const draft& value);

/// Makes `value` what unpack(pack(value)) is, without the bytes in between. After an error, which is pack()'s, it is
/// of no use.
std::optional<codec_error> canonicalize(const type& t, draft& value);

/// The draft of what encode_json() writes, without nulls. `object` must have been packed here or verified.
draft unpack(const type& t, const object_buffer& object);

/// Fields in the schema's order, maps by key; what upstream omits is omitted. A revision other than 0 is
/// written as metadata.resourceVersion. `object` must have been packed here or verified.
void encode_json(const type& t, const object_buffer& object, int64_t revision, std::string& out);

} // namespace messages::codec
