// Label and field selectors: parsed once per request, matched against stored objects without decoding them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "actors/apiserver/registry/kind.hpp"
#include "messages/codec/object.hpp"
#include "messages/codec/schema.hpp"

namespace actors::apiserver::selectors {

using messages::codec::object_buffer;
using messages::codec::type;

constexpr size_t selector_bytes_max = 64 * 1024;

struct label_requirement {
  enum class operation { in, not_in, exists, not_exists, greater, less };
  std::string key;
  operation op = operation::exists;
  std::vector<std::string> values;
};

struct field_requirement {
  std::string label;
  std::vector<std::string> path;    // from the object's root
  std::string value_if_absent;
  std::string value;
  bool equal = true;
};

/// Text of the error: what is wrong with the selector.
struct selector_error {
  std::string message;
};

std::variant<std::vector<label_requirement>, selector_error> parse_labels(std::string_view text);
/// Only metadata.name, metadata.namespace and the kind's selectable fields; else upstream's
/// `field label not supported: x`.
std::variant<std::vector<field_requirement>, selector_error> parse_fields(const registry::kind& kind, std::string_view text);

class object_selector {
public:
  object_selector() = default;
  /// Both texts as in the query; "" selects everything.
  static std::variant<object_selector, selector_error> parse(const registry::kind& kind, std::string_view labels,
                                                             std::string_view fields);
  bool matches(const type& what, const object_buffer& object) const;
  bool everything() const { return labels_.empty() && fields_.empty(); }
  /// The value that metadata.name must have; "" where the selector does not say.
  std::string_view required_name() const;
  /// A field whose value is given, null where there is none: an object without that value does not match.
  const field_requirement* required_field() const;

private:
  std::vector<label_requirement> labels_;
  std::vector<field_requirement> fields_;
};

/// The text at `path` in a stored object; nullopt: absent. Numbers and booleans as in JSON.
std::optional<std::string> text_at(const type& what, const object_buffer& object, const std::vector<std::string>& path);

/// What a requirement compares its value with.
std::string value_of(const field_requirement& field, const type& what, const object_buffer& object);

} // namespace actors::apiserver::selectors
