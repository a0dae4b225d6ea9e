// The immutable form of an object: the shared bytes of one FlatBuffer, possibly a part of a larger buffer.
// Copies share the bytes; safe to pass between threads.
#pragma once

#include <flatbuffers/flatbuffers.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace messages::codec {

class object_buffer {
public:
  object_buffer() = default;

  explicit object_buffer(std::string bytes) {
    auto owner = std::make_shared<const std::string>(std::move(bytes));
    *this = object_buffer(owner, reinterpret_cast<const uint8_t*>(owner->data()), owner->size());
  }

  explicit object_buffer(std::vector<uint8_t> bytes) {
    auto owner = std::make_shared<const std::vector<uint8_t>>(std::move(bytes));
    *this = object_buffer(owner, owner->data(), owner->size());
  }

  explicit object_buffer(flatbuffers::DetachedBuffer&& bytes) {
    auto owner = std::make_shared<const flatbuffers::DetachedBuffer>(std::move(bytes));
    *this = object_buffer(owner, owner->data(), owner->size());
  }

  /// `owner` keeps the bytes at `data` alive and unchanged. FlatBuffers wants them aligned to 8 bytes.
  object_buffer(const std::shared_ptr<const void>& owner, const uint8_t* data, size_t size)
      : bytes_(owner, data), size_(size) {}

  const uint8_t* data() const noexcept { return bytes_.get(); }
  size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  explicit operator bool() const noexcept { return size_ != 0; }
  std::string_view bytes() const noexcept { return {reinterpret_cast<const char*>(data()), size_}; }

  /// The root table of a non-empty buffer that was packed here or verified.
  template <class T>
  const T* root() const {
    return flatbuffers::GetRoot<T>(data());
  }

private:
  std::shared_ptr<const uint8_t> bytes_;
  size_t size_ = 0;
};

} // namespace messages::codec
