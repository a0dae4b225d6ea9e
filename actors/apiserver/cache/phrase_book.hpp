// Bytes that are much alike take little room: a book has examples, and what is packed says where in them, or in itself, its parts are
// found, and only the rest in full. Made for the FlatBuffers of one table, which a version of an object shares most of with the next
// one; gives back any bytes exactly. No clock, no randomness. One thread packs and learns; any thread unpacks.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace actors::apiserver::cache {

/// The examples. Grows at its end only, so that what was packed stays readable.
class phrase_book {
public:
  static constexpr size_t bytes_max = 32u << 10;

  phrase_book() : bytes_(std::make_unique_for_overwrite<uint8_t[]>(bytes_max)) {}
  const uint8_t* data() const { return bytes_.get(); }
  size_t size() const { return size_; } // for the thread that learns
  /// False: there is no room.
  bool append(std::string_view bytes);

private:
  std::unique_ptr<uint8_t[]> bytes_;
  size_t size_ = 0;
};

/// What unpack() gets must be what pack() made with this book. Writes `size` bytes; throws std::logic_error when it is something else.
void unpack(const phrase_book& book, const uint8_t* packed, uint8_t* out, size_t size);

/// Packs with one book.
class phrase_packer {
public:
  /// A place in a book and one in the bytes themselves are told apart by 16 bits.
  static constexpr size_t object_bytes_max = 32u << 10;

  const std::shared_ptr<phrase_book>& book() const { return book_; }
  /// At most object_bytes_max bytes; overwrites `out`.
  void pack(std::string_view bytes, std::vector<uint8_t>& out) const;
  /// An example for what is packed from now on. False: the book is full.
  bool learn(std::string_view bytes);

private:
  static constexpr unsigned place_bits = 13;

  std::shared_ptr<phrase_book> book_ = std::make_shared<phrase_book>();
  std::array<uint16_t, 1u << place_bits> places_{}; // by hash: where in the book such bytes begin, plus one
};

} // namespace actors::apiserver::cache
