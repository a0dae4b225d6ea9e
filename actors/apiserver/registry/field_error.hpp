// One thing wrong with an object: which field, what kind of mistake, and the words for it.
// Shapes and wording equal those of the Kubernetes API, since clients show them and tools match on them.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "messages/codec/draft.hpp"

namespace actors::apiserver::registry {

using messages::codec::draft;

/// The kinds of mistake that the API knows. A caller reacts to none of them differently: they become
/// `details.causes[].reason` of a 422 Status.
enum class cause : uint8_t {
  required,      // a value is missing
  invalid,       // a value is malformed or breaks a rule
  not_supported, // a value is none of the allowed ones
  forbidden,     // a field must not be set (or changed) here
  duplicate,     // a value that must be unique occurs twice
  too_long,      // a string or map is over its limit of bytes
  too_many,      // a list is over its limit of entries
  not_found,     // a value refers to something that is not there
  type_invalid,  // a value has the wrong JSON type
  internal,      // a mistake of ours
};

struct field_error {
  cause type = cause::invalid;
  std::string field;     // "spec.containers[0].name"
  std::string bad_value; // as it is printed: `"x"`, `-1`, `{"a":"b"}`; empty: not printed
  std::string detail;

  /// `Invalid value: "x": must be ...`: the message of a cause.
  std::string body() const;
  /// `spec.field: ` + body(): one entry of the Status' message.
  std::string text() const;
  /// "FieldValueInvalid", ...: the reason of a cause.
  std::string_view reason() const;
};

using field_errors = std::vector<field_error>;

/// How the API prints a value within a message: strings quoted, numbers bare, anything else as JSON.
std::string print_value(const draft& value);

field_error required(std::string field, std::string detail = {});
field_error invalid(std::string field, const draft& value, std::string detail);
field_error not_supported(std::string field, const draft& value,
                          const std::vector<std::string_view>& allowed);
field_error forbidden(std::string field, std::string detail);
field_error duplicate(std::string field, const draft& value);
field_error too_long(std::string field, int64_t bytes_max);
field_error too_many(std::string field, int64_t count, int64_t count_max);
field_error not_found(std::string field, const draft& value);

/// The text after `Kind "name" is invalid: `: one error bare, several as `[a, b]`, doubles printed once.
std::string join_text(const field_errors&);

/// Builds `spec.containers[0].name` and `metadata.annotations[key]` step by step. Cheap to copy.
class path {
public:
  explicit path(std::string_view root = {}) : text_(root) {}
  path child(std::string_view name) const;
  path child(std::string_view first, std::string_view second) const { return child(first).child(second); }
  path index(size_t i) const;
  path key(std::string_view name) const;
  const std::string& text() const { return text_; }
  operator std::string() const { return text_; }

private:
  std::string text_;
};

} // namespace actors::apiserver::registry
