// How check() and pack() refuse a value, in the words of upstream's decoder.
#pragma once

#include "messages/codec/json.hpp"
#include "messages/codec/path.hpp"
#include "messages/codec/schema.hpp"

namespace messages::codec {

/// Thrown inside the codec only; its public functions return the error.
struct refusal {
  codec_error error;
};

[[noreturn]] void refuse(const path_frame& at, std::string message);

/// `json: cannot unmarshal string into Go struct field Spec.spec.replicas of type int32`. `owner` is the table
/// that has the field; nullptr for the document itself.
[[noreturn]] void refuse_kind(const path_frame& at, const type* owner, const std::string& go_type, const draft& value);

/// For values that parse themselves: `json: cannot unmarshal bool into Go value of type int32`.
[[noreturn]] void refuse_value(const path_frame& at, std::string_view go_type, const draft& value);

/// Throws when the value would make the document deeper than json_depth_max.
void require_depth(const path_frame& at, size_t levels);

/// The text of a quantity: upstream also takes a number.
std::string quantity_text(const path_frame& at, const draft& value);

/// The one spelling of a double: integers without a point.
draft canonical_double(double value);

} // namespace messages::codec
