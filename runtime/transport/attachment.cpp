// The wire form of an API object.
#include "runtime/transport/attachment.hpp"

#include "messages/codec/schema.hpp"

#include <array>
#include <cstring>
#include <utility>

namespace runtime::transport {

namespace {
constexpr size_t alignment = 8;
constexpr size_t name_size_max = 512;

size_t padded(size_t size) {
  return (size + alignment - 1) / alignment * alignment;
}

struct header {
  const messages::codec::type* type = nullptr; // null: no such form, or a table that the schema lacks
  size_t size = 0;
};

header read_header(std::string_view wire) {
  if (wire.size() < 2)
    return {};
  const auto* bytes = reinterpret_cast<const uint8_t*>(wire.data());
  const size_t length = bytes[0] | static_cast<size_t>(bytes[1]) << 8;
  const size_t size = padded(2 + length);
  if (length > name_size_max || size > wire.size())
    return {};
  return {messages::codec::api_schema().find_table(wire.substr(2, length)), size};
}

// An object and the count of those who share it fill a size that the heap has (jemalloc: four to each power of two). An array that
// is shared has its length in front of it as well: with that, most Events need the next larger size.
constexpr size_t count_bytes = 16;
constexpr size_t sizes = 28; // 80 bytes to 8 KiB
constexpr size_t size_at(size_t index) { return (5 + index % 4) << (4 + index / 4); }

using words = std::shared_ptr<uint64_t>; // aligned as FlatBuffers wants it

template <size_t Index>
words make_words() {
  auto block = std::make_shared_for_overwrite<std::array<uint64_t, (size_at(Index) - count_bytes) / sizeof(uint64_t)>>();
  return {block, block->data()};
}

template <size_t... Index>
constexpr std::array<words (*)(), sizes> makers(std::index_sequence<Index...>) {
  return {make_words<Index>...};
}

words memory_for(size_t bytes) {
  static constexpr auto make = makers(std::make_index_sequence<sizes>{});
  for (size_t i = 0; i < sizes; ++i)
    if (size_at(i) >= bytes + count_bytes)
      return make[i]();
  auto large = std::make_shared_for_overwrite<uint64_t[]>((bytes + 7) / 8);
  return {large, large.get()};
}
} // namespace

void append_wire(const attachment& value, std::string& out) {
  const std::string& name = value.type->full_name();
  const size_t start = out.size();
  const auto length = static_cast<uint16_t>(name.size());
  out.push_back(static_cast<char>(length & 0xff));
  out.push_back(static_cast<char>(length >> 8));
  out += name;
  out.resize(start + padded(out.size() - start));
  out.append(reinterpret_cast<const char*>(value.object.data()), value.object.size());
}

std::optional<attachment> attachment_from_wire(std::shared_ptr<const std::string> owner, size_t offset, size_t size,
                                               bool verify) {
  if (offset > owner->size() || size > owner->size() - offset)
    return std::nullopt;
  const auto wire = std::string_view{*owner}.substr(offset, size);
  const auto found = read_header(wire);
  if (!found.type)
    return std::nullopt;
  const auto* data = reinterpret_cast<const uint8_t*>(wire.data()) + found.size;
  messages::codec::object_buffer object{std::shared_ptr<const void>{owner, owner.get()}, data, size - found.size};
  if (verify && !messages::codec::verify(*found.type, object))
    return std::nullopt;
  return attachment{found.type, std::move(object)};
}

std::optional<attachment> attachment_of_stored(std::string_view wire) {
  const auto found = read_header(wire);
  if (!found.type)
    return std::nullopt;
  const auto object = wire.substr(found.size);
  const auto copy = memory_for(object.size());
  std::memcpy(copy.get(), object.data(), object.size());
  return attachment{found.type, {copy, reinterpret_cast<const uint8_t*>(copy.get()), object.size()}};
}

} // namespace runtime::transport
