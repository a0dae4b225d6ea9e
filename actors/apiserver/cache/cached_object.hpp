// An object of the cache at one revision. What is seldom read is packed (dictionary.hpp). Any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "messages/codec/object.hpp"
#include "messages/codec/schema.hpp"

namespace actors::apiserver::cache {

using messages::codec::object_buffer;
using messages::codec::type;

class cached_object;
class dictionary;
using object_ptr = std::shared_ptr<const cached_object>;

/// Shared by the snapshots, the windows and whoever reads.
class cached_object {
public:
  cached_object(const type& what, object_buffer bytes, int64_t revision)
      : type_(&what), bytes_(std::move(bytes)), revision_(revision) {}
  /// In one piece with its packed bytes, at most packed_bytes_max; of `size` bytes when unpacked.
  static constexpr size_t packed_bytes_max = 24u << 10;
  static object_ptr make_packed(const type& what, const std::shared_ptr<const dictionary>& with, std::span<const uint8_t> packed,
                                size_t size, int64_t revision);
  ~cached_object();
  cached_object(const cached_object&) = delete;
  cached_object& operator=(const cached_object&) = delete;

  const type& what() const { return *type_; }
  /// Of a packed object: unpacked for the caller.
  object_buffer bytes() const { return packed_ ? unpacked() : bytes_; }
  size_t size() const { return bytes_.size(); }
  bool packed() const { return packed_; }
  int64_t revision() const { return revision_; }

  /// The object as JSON with its resourceVersion, without line ends; rendered once and shared while it is asked for
  /// (rendered_texts.hpp). Thread-safe.
  std::shared_ptr<const std::string> json() const;

private:
  friend class rendered_texts;
  template <size_t>
  friend struct packed_block;

  struct packed_tag {};
  cached_object(packed_tag, const type& what, object_buffer packed, int64_t revision)
      : type_(&what), bytes_(std::move(packed)), revision_(revision), packed_(true) {}
  object_buffer unpacked() const;

  const type* type_;
  object_buffer bytes_; // packed: shares the dictionary; its address, the size of what is packed, and that
  int64_t revision_;
  mutable std::atomic<bool> has_text_{false};
  bool packed_ = false;
};

} // namespace actors::apiserver::cache
