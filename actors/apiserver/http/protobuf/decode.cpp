// Schema-driven decoding.
#include "actors/apiserver/http/protobuf/decode.hpp"

#include <cstring>

#include "actors/apiserver/http/protobuf/field_numbers.hpp"
#include "actors/apiserver/http/protobuf/wire.hpp"
#include "messages/codec/base64.hpp"
#include "messages/codec/json.hpp"
#include "messages/codec/time.hpp"

namespace actors::apiserver::http::protobuf {

using messages::codec::draft;
using messages::codec::field;
using messages::codec::type;
using messages::codec::value_kind;

namespace {

struct damaged {};

using wire_kind = wire_field::kind;

std::string_view bytes_of(const wire_field& from) {
  if (from.what != wire_kind::bytes)
    throw damaged{};
  return from.bytes;
}

int64_t integer_of(const wire_field& from) {
  if (from.what != wire_kind::varint)
    throw damaged{};
  return static_cast<int64_t>(from.value);
}

/// Small messages whose fields are known here: calls visit(number, field) for each.
template <class Visit>
void each(std::string_view message, Visit visit) {
  reader in{message};
  while (const auto item = in.next())
    visit(*item);
  if (in.damaged())
    throw damaged{};
}

draft decode_time(std::string_view message, bool micro) {
  int64_t seconds = 0, nanos = 0;
  if (message.empty())
    return {}; // Go's zero time
  each(message, [&](const wire_field& item) {
    if (item.number == 1)
      seconds = integer_of(item);
    else if (item.number == 2)
      nanos = integer_of(item);
  });
  return micro ? draft{messages::codec::format_micro_time(seconds * 1'000'000 + nanos / 1'000)}
               : draft{messages::codec::format_time(seconds)};
}

draft decode_int_or_string(std::string_view message) {
  int64_t what = 0, number = 0;
  std::string text;
  each(message, [&](const wire_field& item) {
    if (item.number == 1)
      what = integer_of(item);
    else if (item.number == 2)
      number = static_cast<int32_t>(integer_of(item));
    else if (item.number == 3)
      text = bytes_of(item);
  });
  return what == 0 ? draft{number} : draft{text};
}

/// A message with one text or bytes field number 1 (Quantity, FieldsV1).
std::string decode_single(std::string_view message) {
  std::string text;
  each(message, [&](const wire_field& item) {
    if (item.number == 1)
      text = bytes_of(item);
  });
  return text;
}

class decoder {
public:
  draft table(const type& t, std::string_view raw, int depth) {
    const auto* layout = layout_of(t);
    if (layout == nullptr || depth > depth_max)
      throw damaged{};
    draft result = draft::make_object();
    fill(*layout, raw, depth, result);
    return result;
  }

private:
  void fill(const message_layout& layout, std::string_view raw, int depth, draft& into) {
    each(raw, [&](const wire_field& item) {
      const auto slot = layout.slots.find(item.number);
      if (slot == layout.slots.end())
        return; // a field that we do not know
      if (slot->second.inlined != nullptr)
        fill(*slot->second.inlined, bytes_of(item), depth + 1, into);
      else if (slot->second.field != nullptr)
        set(*slot->second.field, item, depth, into);
    });
  }

  void set(const field& f, const wire_field& item, int depth, draft& into) {
    if (f.kind == value_kind::map) {
      add_entry(f, bytes_of(item), depth, into[f.name]);
    } else if (f.list) {
      if (into[f.name].is_null())
        into[f.name] = draft::make_array();
      add_items(f, item, depth, into[f.name]);
    } else {
      draft value = scalar(f.kind, f.nested, item, depth);
      if (!is_left_out(f, value))
        into.set(f.name, std::move(value));
    }
  }

  /// Go's protobuf writes zero values of what is no pointer; JSON does not.
  static bool is_left_out(const field& f, const draft& value) {
    if (value.is_null())
      return true;
    if (f.optional || f.pointer || f.keep_empty)
      return false;
    if (value.is_object())
      return value.empty() && f.emit_empty;
    return (value.is_string() && value.str().empty()) ||
           (value.is_integer() && value.integer() == 0 && f.kind != value_kind::int_or_string) ||
           (value.is_bool() && !value.boolean());
  }

  void add_items(const field& f, const wire_field& item, int depth, draft& list) {
    const bool packed =
      item.what == wire_kind::bytes &&
      (f.kind == value_kind::int32 || f.kind == value_kind::int64 || f.kind == value_kind::boolean);
    if (!packed) {
      list.push_back(scalar(f.kind, f.nested, item, depth));
      return;
    }
    // Varints one after the other: each one is made a field of its own.
    auto rest = item.bytes;
    while (!rest.empty()) {
      wire_field one;
      unsigned shift = 0;
      unsigned char byte = 0x80;
      while (byte >= 0x80) {
        if (rest.empty() || shift > 63)
          throw damaged{};
        byte = static_cast<unsigned char>(rest.front());
        rest.remove_prefix(1);
        one.value |= static_cast<uint64_t>(byte & 0x7f) << shift;
        shift += 7;
      }
      list.push_back(scalar(f.kind, f.nested, one, depth));
    }
  }

  void add_entry(const field& f, std::string_view entry, int depth, draft& map) {
    if (map.is_null())
      map = draft::make_object();
    std::string key;
    const field& value_field = f.nested->fields().at(1);
    draft value = value_field.kind == value_kind::table ? draft::make_object() : draft{""};
    each(entry, [&](const wire_field& item) {
      if (item.number == 1)
        key = bytes_of(item);
      else if (item.number == 2)
        value = scalar(value_field.kind, value_field.nested, item, depth);
    });
    map.set(key, std::move(value));
  }

  draft scalar(value_kind kind, const type* nested, const wire_field& item, int depth) {
    switch (kind) {
      case value_kind::boolean:
        return draft{integer_of(item) != 0};
      case value_kind::int32:
        return draft{static_cast<int64_t>(static_cast<int32_t>(integer_of(item)))};
      case value_kind::int64:
        return draft{integer_of(item)};
      case value_kind::number: {
        double value = 0;
        if (item.what != wire_kind::fixed64)
          throw damaged{};
        std::memcpy(&value, &item.value, sizeof value);
        return draft{value};
      }
      case value_kind::string:
        return draft{bytes_of(item)};
      case value_kind::time:
        return decode_time(bytes_of(item), false);
      case value_kind::micro_time:
        return decode_time(bytes_of(item), true);
      case value_kind::raw_json: {
        auto parsed = messages::codec::parse_json(decode_single(bytes_of(item)));
        return parsed.error ? draft{} : std::move(parsed.value);
      }
      case value_kind::bytes: {
        std::string text;
        const auto raw = bytes_of(item);
        messages::codec::append_base64(reinterpret_cast<const uint8_t*>(raw.data()), raw.size(), text);
        return draft{text};
      }
      case value_kind::quantity:
        return draft{decode_single(bytes_of(item))};
      case value_kind::int_or_string:
        return decode_int_or_string(bytes_of(item));
      case value_kind::table:
        return table(*nested, bytes_of(item), depth + 1);
      case value_kind::map:
        break;
    }
    throw damaged{};
  }
};

} // namespace

std::optional<envelope> open_envelope(std::string_view body) {
  constexpr std::string_view magic{"k8s\0", 4};
  if (!body.starts_with(magic))
    return std::nullopt;
  envelope result;
  try {
    each(body.substr(magic.size()), [&](const wire_field& item) {
      if (item.number == 1)
        each(bytes_of(item), [&](const wire_field& part) {
          (part.number == 1 ? result.api_version : result.kind) = bytes_of(part);
        });
      else if (item.number == 2)
        result.raw = bytes_of(item);
    });
  } catch (const damaged&) {
    return std::nullopt;
  }
  return result;
}

std::optional<draft> decode(const type& t, std::string_view raw) {
  try {
    return decoder{}.table(t, raw, 0);
  } catch (const damaged&) {
    return std::nullopt;
  }
}

std::optional<draft> decode_delete_options(std::string_view raw) {
  draft result = draft::make_object();
  try {
    each(raw, [&](const wire_field& item) {
      switch (item.number) {
        case 1:
          result.set("gracePeriodSeconds", integer_of(item));
          break;
        case 2:
          each(bytes_of(item), [&](const wire_field& part) {
            result["preconditions"].set(part.number == 1 ? "uid" : "resourceVersion", bytes_of(part));
          });
          break;
        case 3:
          result.set("orphanDependents", draft{integer_of(item) != 0});
          break;
        case 4:
          result.set("propagationPolicy", bytes_of(item));
          break;
        case 5:
          result["dryRun"].push_back(bytes_of(item));
          break;
        default:
          break;
      }
    });
  } catch (const damaged&) {
    return std::nullopt;
  }
  return result;
}

} // namespace actors::apiserver::http::protobuf
