#include "actors/apiserver/cache/cached_object.hpp"

#include <array>
#include <cstring>
#include <limits>
#include <stdexcept>

#include "actors/apiserver/cache/dictionary.hpp"
#include "actors/apiserver/cache/rendered_texts.hpp"
#include "messages/codec/codec.hpp"

namespace actors::apiserver::cache {

namespace {

/// Before what is packed.
struct packed_head {
  const dictionary* with;
  uint16_t bytes;
};
constexpr size_t head_bytes = sizeof(const dictionary*) + sizeof(uint16_t); // without padding
static_assert(cached_object::packed_bytes_max <= std::numeric_limits<uint16_t>::max());

void write_head(const packed_head& head, uint8_t* out) {
  std::memcpy(out, &head.with, sizeof head.with);
  std::memcpy(out + sizeof head.with, &head.bytes, sizeof head.bytes);
}

packed_head read_head(const uint8_t* in) {
  packed_head head;
  std::memcpy(&head.with, in, sizeof head.with);
  std::memcpy(&head.bytes, in + sizeof head.with, sizeof head.bytes);
  return head;
}

} // namespace

/// A packed object and its bytes in one piece.
template <size_t Bytes>
struct packed_block {
  packed_block(const type& what, const std::shared_ptr<const dictionary>& with, std::span<const uint8_t> packed, size_t size,
               int64_t revision)
      : object(cached_object::packed_tag{}, what, object_buffer{with, room.data(), size}, revision) {
    write_head({with.get(), static_cast<uint16_t>(packed.size())}, room.data());
    std::memcpy(room.data() + head_bytes, packed.data(), packed.size());
  }
  cached_object object;
  std::array<uint8_t, Bytes> room;
};

namespace {

// With the count of those who share it, a block fills a size that the heap has (jemalloc: four to each power of two).
constexpr size_t count_bytes = 16;
constexpr size_t sizes = 36; // 80 bytes to 32 KiB
constexpr size_t size_at(size_t index) { return (5 + index % 4) << (4 + index / 4); }
constexpr size_t first = 1; // with room for a few bytes
constexpr size_t room_at(size_t index) { return size_at(index) - count_bytes - sizeof(cached_object); }
static_assert(room_at(first) >= head_bytes);
static_assert(room_at(sizes - 1) >= cached_object::packed_bytes_max + head_bytes);

using dictionary_ptr = std::shared_ptr<const dictionary>;
using maker = object_ptr (*)(const type&, const dictionary_ptr&, std::span<const uint8_t>, size_t, int64_t);

template <size_t Index>
object_ptr make_block(const type& what, const dictionary_ptr& with, std::span<const uint8_t> packed, size_t size, int64_t revision) {
  auto block = std::make_shared<const packed_block<room_at(Index)>>(what, with, packed, size, revision);
  const auto* object = &block->object;
  return {std::move(block), object};
}

template <size_t... Index>
constexpr std::array<maker, sizeof...(Index)> makers(std::index_sequence<Index...>) {
  return {make_block<first + Index>...};
}

} // namespace

object_ptr cached_object::make_packed(const type& what, const dictionary_ptr& with, std::span<const uint8_t> packed, size_t size,
                                      int64_t revision) {
  static constexpr auto make = makers(std::make_index_sequence<sizes - first>{});
  for (size_t i = first; i < sizes; ++i)
    if (room_at(i) >= packed.size() + head_bytes)
      return make[i - first](what, with, packed, size, revision);
  throw std::logic_error("more than an object is packed into");
}

object_buffer cached_object::unpacked() const {
  const auto head = read_head(bytes_.data());
  auto memory = std::make_shared_for_overwrite<uint64_t[]>((size() + 7) / 8); // aligned as FlatBuffers wants it
  auto* out = reinterpret_cast<uint8_t*>(memory.get());
  head.with->unpack({bytes_.data() + head_bytes, head.bytes}, {out, size()});
  return {memory, out, size()};
}

cached_object::~cached_object() {
  if (has_text_.load(std::memory_order_acquire))
    rendered().forget(*this);
}

std::shared_ptr<const std::string> cached_object::json() const {
  if (has_text_.load(std::memory_order_acquire))
    if (auto ready = rendered().find(*this))
      return ready;
  auto text = std::make_shared<std::string>();
  messages::codec::encode_json(*type_, bytes(), revision_, *text);
  return rendered().admit(*this, std::move(text));
}

} // namespace actors::apiserver::cache
