// The words of a field error.
#include "actors/apiserver/registry/field_error.hpp"

#include <algorithm>
#include <set>

namespace actors::apiserver::registry {

namespace {

struct cause_words {
  std::string_view body, reason;
};

cause_words words_of(cause type) {
  switch (type) {
    case cause::required:
      return {"Required value", "FieldValueRequired"};
    case cause::invalid:
      return {"Invalid value", "FieldValueInvalid"};
    case cause::not_supported:
      return {"Unsupported value", "FieldValueNotSupported"};
    case cause::forbidden:
      return {"Forbidden", "FieldValueForbidden"};
    case cause::duplicate:
      return {"Duplicate value", "FieldValueDuplicate"};
    case cause::too_long:
      return {"Too long", "FieldValueTooLong"};
    case cause::too_many:
      return {"Too many", "FieldValueTooMany"};
    case cause::not_found:
      return {"Not found", "FieldValueNotFound"};
    case cause::type_invalid:
      return {"Invalid value", "FieldValueTypeInvalid"};
    case cause::internal:
      break;
  }
  return {"Internal error", "InternalError"};
}

void append_quoted(std::string& out, std::string_view text) {
  static constexpr char hex[] = "0123456789abcdef";
  out += '"';
  for (char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
          out += "\\x";
          out += hex[(c >> 4) & 15];
          out += hex[c & 15];
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

// JSON with sorted keys, so that the same mistake always reads the same.
void append_json(std::string& out, const draft& value) {
  if (value.is_object()) {
    std::vector<const draft::member*> members;
    for (auto& m : value.members())
      members.push_back(&m);
    std::sort(members.begin(), members.end(), [](auto* a, auto* b) { return a->first < b->first; });
    out += '{';
    for (auto* m : members) {
      if (m != members.front())
        out += ',';
      append_quoted(out, m->first);
      out += ':';
      append_json(out, m->second);
    }
    out += '}';
  } else if (value.is_array()) {
    out += '[';
    for (auto& item : value.items()) {
      if (&item != &value.items().front())
        out += ',';
      append_json(out, item);
    }
    out += ']';
  } else if (value.is_string()) {
    append_quoted(out, value.str());
  } else if (value.is_bool()) {
    out += value.boolean() ? "true" : "false";
  } else if (value.is_number()) {
    out += value.number_text();
  } else {
    out += "null";
  }
}

field_error with_value(cause type, std::string field, const draft& value, std::string detail) {
  return {type, std::move(field), print_value(value), std::move(detail)};
}

} // namespace

std::string field_error::body() const {
  std::string out(words_of(type).body);
  if (!bad_value.empty())
    out.append(": ").append(bad_value);
  if (!detail.empty())
    out.append(": ").append(detail);
  return out;
}

std::string field_error::text() const { return field + ": " + body(); }

std::string_view field_error::reason() const { return words_of(type).reason; }

std::string print_value(const draft& value) {
  std::string out;
  append_json(out, value);
  return out;
}

field_error required(std::string field, std::string detail) {
  return {cause::required, std::move(field), {}, std::move(detail)};
}

field_error invalid(std::string field, const draft& value, std::string detail) {
  return with_value(cause::invalid, std::move(field), value, std::move(detail));
}

field_error not_supported(std::string field, const draft& value,
                          const std::vector<std::string_view>& allowed) {
  std::string detail;
  for (auto name : allowed) {
    detail += detail.empty() ? "supported values: " : ", ";
    append_quoted(detail, name);
  }
  return with_value(cause::not_supported, std::move(field), value, std::move(detail));
}

field_error forbidden(std::string field, std::string detail) {
  return {cause::forbidden, std::move(field), {}, std::move(detail)};
}

field_error duplicate(std::string field, const draft& value) {
  return with_value(cause::duplicate, std::move(field), value, {});
}

field_error too_long(std::string field, int64_t bytes_max) {
  return {cause::too_long,
          std::move(field),
          {},
          "may not be more than " + std::to_string(bytes_max) + (bytes_max == 1 ? " byte" : " bytes")};
}

field_error too_many(std::string field, int64_t count, int64_t count_max) {
  return {cause::too_many, std::move(field), std::to_string(count),
          "must have at most " + std::to_string(count_max) + (count_max == 1 ? " item" : " items")};
}

field_error not_found(std::string field, const draft& value) {
  return with_value(cause::not_found, std::move(field), value, {});
}

std::string join_text(const field_errors& errors) {
  std::set<std::string> seen;
  std::string out;
  for (auto& error : errors) {
    auto text = error.text();
    if (!seen.insert(text).second)
      continue;
    if (!out.empty())
      out += ", ";
    out += text;
  }
  return seen.size() > 1 ? "[" + out + "]" : out;
}

path path::child(std::string_view name) const {
  path next(text_);
  if (!next.text_.empty())
    next.text_ += '.';
  next.text_ += name;
  return next;
}

path path::index(size_t i) const {
  path next(text_);
  next.text_ += "[" + std::to_string(i) + "]";
  return next;
}

path path::key(std::string_view name) const {
  path next(text_);
  next.text_.append("[").append(name).append("]");
  return next;
}

} // namespace actors::apiserver::registry
