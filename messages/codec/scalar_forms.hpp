// Scalars with a JSON form of their own, in a draft: refused when they are none, else given their canonical spelling.
// Shared by check() and canonicalize().
#pragma once

#include "messages/codec/base64.hpp"
#include "messages/codec/quantity.hpp"
#include "messages/codec/refusal.hpp"
#include "messages/codec/time.hpp"

namespace messages::codec {

struct scalar_forms {
  static void replace_text(draft& value, std::string text) {
    if (value.str() != text)
      value = draft(std::move(text));
  }

  static void require(bool good, const type& owner, const field& f, const draft& value, const path_frame& at) {
    if (!good)
      refuse_kind(at, &owner, f.go_item_type(), value);
  }

  static void number(const type& owner, const field& f, draft& value, const path_frame& at) {
    require(value.is_number(), owner, f, value, at);
    auto canonical = canonical_double(value.number());
    require(value.number() == canonical.number(), owner, f, value, at); // 1e400
    if (value.kind() != canonical.kind() || value.number_text() != canonical.number_text())
      value = std::move(canonical);
  }

  /// What is stored: seconds, or microseconds.
  static int64_t time(value_kind kind, draft& value, const path_frame& at) {
    if (!value.is_string())
      refuse_value(at, "string", value);
    std::string error;
    const bool seconds = kind == value_kind::time;
    const auto parsed = seconds ? parse_time(value.str(), &error) : parse_micro_time(value.str(), &error);
    if (!parsed)
      refuse(at, error);
    replace_text(value, seconds ? format_time(*parsed) : format_micro_time(*parsed));
    return *parsed;
  }

  static void bytes(const type& owner, const field& f, draft& value, const path_frame& at) {
    require(value.is_string(), owner, f, value, at);
    std::string error, text;
    auto decoded = decode_base64(value.str(), &error);
    if (!decoded)
      refuse(at, error);
    append_base64(reinterpret_cast<const uint8_t*>(decoded->data()), decoded->size(), text);
    replace_text(value, std::move(text));
  }

  static void quantity_value(draft& value, const path_frame& at) {
    std::string error;
    auto parsed = parse_quantity(quantity_text(at, value), &error);
    if (!parsed)
      refuse(at, error);
    replace_text(value, to_string(*parsed));
  }

  static void int_or_string(draft& value, const path_frame& at) {
    auto number = value.integer();
    if (!value.is_string() && !(value.is_integer() && number == static_cast<int32_t>(number)))
      refuse_value(at, "int32", value);
  }
};

} // namespace messages::codec
