#include "actors/apiserver/cache/cached_object.hpp"

#include <array>
#include <cstring>
#include <stdexcept>

#include "actors/apiserver/cache/phrase_book.hpp"
#include "actors/apiserver/cache/rendered_texts.hpp"
#include "messages/codec/codec.hpp"

namespace actors::apiserver::cache {

/// A packed object, the book's address and what is packed.
template <size_t Bytes>
struct packed_block {
  packed_block(const type& what, const std::shared_ptr<const phrase_book>& book, std::span<const uint8_t> packed, size_t size,
               int64_t revision)
      : object(cached_object::packed_tag{}, what, object_buffer{book, room.data(), size}, revision) {
    const phrase_book* address = book.get();
    std::memcpy(room.data(), &address, sizeof address);
    std::memcpy(room.data() + sizeof address, packed.data(), packed.size());
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
static_assert(room_at(first) >= sizeof(const phrase_book*));
static_assert(room_at(sizes - 1) >= cached_object::packed_bytes_max + sizeof(const phrase_book*));

using book_ptr = std::shared_ptr<const phrase_book>;
using maker = object_ptr (*)(const type&, const book_ptr&, std::span<const uint8_t>, size_t, int64_t);

template <size_t Index>
object_ptr make_block(const type& what, const book_ptr& book, std::span<const uint8_t> packed, size_t size, int64_t revision) {
  auto block = std::make_shared<const packed_block<room_at(Index)>>(what, book, packed, size, revision);
  const auto* object = &block->object;
  return {std::move(block), object};
}

template <size_t... Index>
constexpr std::array<maker, sizeof...(Index)> makers(std::index_sequence<Index...>) {
  return {make_block<first + Index>...};
}

} // namespace

object_ptr cached_object::make_packed(const type& what, const book_ptr& book, std::span<const uint8_t> packed, size_t size,
                                      int64_t revision) {
  static constexpr auto make = makers(std::make_index_sequence<sizes - first>{});
  for (size_t i = first; i < sizes; ++i)
    if (room_at(i) >= packed.size() + sizeof(const phrase_book*))
      return make[i - first](what, book, packed, size, revision);
  throw std::logic_error("more than an object is packed into");
}

object_buffer cached_object::unpacked() const {
  const phrase_book* book;
  std::memcpy(&book, bytes_.data(), sizeof book);
  auto memory = std::make_shared_for_overwrite<uint64_t[]>((size() + 7) / 8); // aligned as FlatBuffers wants it
  auto* out = reinterpret_cast<uint8_t*>(memory.get());
  unpack(*book, bytes_.data() + sizeof book, out, size());
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
