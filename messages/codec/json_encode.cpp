// Drafts to JSON text.
#include "messages/codec/json.hpp"
#include "messages/codec/json_text.hpp"

namespace messages::codec {

void encode_json(const draft& value, std::string& out) {
  switch (value.kind()) {
    case draft_kind::null: out += "null"; return;
    case draft_kind::boolean: out += value.boolean() ? "true" : "false"; return;
    case draft_kind::integer: append_json_number(value.integer(), out); return;
    case draft_kind::number: out += value.number_text(); return;
    case draft_kind::string: append_json_string(value.str(), out); return;
    case draft_kind::array: {
      out += '[';
      bool first = true;
      for (const auto& item : value.items()) {
        if (!first)
          out += ',';
        first = false;
        encode_json(item, out);
      }
      out += ']';
      return;
    }
    case draft_kind::object: {
      out += '{';
      bool first = true;
      for (const auto& [key, item] : value.members()) {
        if (!first)
          out += ',';
        first = false;
        append_json_string(key, out);
        out += ':';
        encode_json(item, out);
      }
      out += '}';
      return;
    }
  }
}

std::string to_json(const draft& value) {
  std::string out;
  encode_json(value, out);
  return out;
}

} // namespace messages::codec
