// Varints and lengths, with every bound checked: the bytes come from clients.
#include "actors/apiserver/http/protobuf/wire.hpp"

#include <cstring>

namespace actors::apiserver::http::protobuf {

std::optional<uint64_t> reader::varint() {
  uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    if (rest_.empty())
      break;
    const auto byte = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80)
      return value;
  }
  damaged_ = true;
  return std::nullopt;
}

std::optional<wire_field> reader::next() {
  if (rest_.empty() || damaged_)
    return std::nullopt;
  const auto key = varint();
  if (!key)
    return std::nullopt;
  wire_field field;
  field.number = static_cast<uint32_t>(*key >> 3);
  const auto fixed = [&](size_t size, wire_field::kind what) -> std::optional<wire_field> {
    if (rest_.size() < size) {
      damaged_ = true;
      return std::nullopt;
    }
    field.what = what;
    std::memcpy(&field.value, rest_.data(), size);
    rest_.remove_prefix(size);
    return field;
  };
  switch (*key & 7) {
    case 0:
      if (const auto value = varint()) {
        field.value = *value;
        return field;
      }
      return std::nullopt;
    case 1:
      return fixed(8, wire_field::kind::fixed64);
    case 5:
      return fixed(4, wire_field::kind::fixed32);
    case 2: {
      const auto size = varint();
      if (!size || *size > rest_.size()) {
        damaged_ = true;
        return std::nullopt;
      }
      field.what = wire_field::kind::bytes;
      field.bytes = rest_.substr(0, *size);
      rest_.remove_prefix(*size);
      return field;
    }
    default:
      damaged_ = true;
      return std::nullopt;
  }
}

void append_varint(uint64_t value, std::string& out) {
  while (value >= 0x80) {
    out.push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<char>(value));
}

void append_bytes(uint32_t number, std::string_view bytes, std::string& out) {
  append_varint(number << 3 | 2, out);
  append_varint(bytes.size(), out);
  out += bytes;
}

void append_integer(uint32_t number, uint64_t value, std::string& out) {
  append_varint(number << 3, out);
  append_varint(value, out);
}

} // namespace actors::apiserver::http::protobuf
