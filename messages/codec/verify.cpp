// Checking bytes that come from outside before anything reads them through offsets. Own code, since the
// reflective verifier of FlatBuffers 2.0.8 follows offsets of tables before it has checked them.
#include "messages/codec/schema.hpp"

#include "messages/codec/limits.hpp"

#include <cstring>

namespace messages::codec {

namespace {

// A buffer may point to the same bytes more than once; reading it must not become much more work than its size.
constexpr uint64_t work_per_byte_max = 16;
constexpr uint64_t work_min = 64 * 1024;

class verifier {
public:
  verifier(const uint8_t* data, uint64_t size) : data_(data), size_(size), work_left_(size * work_per_byte_max + work_min) {}

  bool root(const type& t) {
    uint64_t target;
    return inside(0, 8, 4) && follow(0, target) && table(t, target, 0);
  }

private:
  bool inside(uint64_t at, uint64_t length, uint64_t alignment) const {
    return at % alignment == 0 && at <= size_ && length <= size_ - at;
  }

  template <class T>
  T read(uint64_t at) const {
    T out;
    std::memcpy(&out, data_ + at, sizeof out);
    return out;
  }

  bool spend(uint64_t work) {
    if (work > work_left_)
      return false;
    work_left_ -= work;
    return true;
  }

  // The caller has checked that the four bytes of the offset are inside.
  bool follow(uint64_t at, uint64_t& target) const {
    auto offset = read<uint32_t>(at);
    target = at + offset;
    return offset != 0 && target < size_;
  }

  bool table(const type& t, uint64_t at, uint32_t depth) {
    if (depth >= verify_depth_max || !inside(at, 4, 4))
      return false;
    auto vtable_at = static_cast<int64_t>(at) - read<int32_t>(at);
    if (vtable_at < 0 || !inside(static_cast<uint64_t>(vtable_at), 4, 2))
      return false;
    auto vtable = static_cast<uint64_t>(vtable_at);
    auto vtable_size = read<uint16_t>(vtable);
    auto table_size = read<uint16_t>(vtable + 2);
    if (vtable_size < 4 || vtable_size % 2 != 0 || !inside(vtable, vtable_size, 2) || table_size < 4
        || !inside(at, table_size, 4) || !spend(table_size))
      return false;
    for (const auto& f : t.fields()) {
      auto offset = f.offset < vtable_size ? read<uint16_t>(vtable + f.offset) : 0;
      if (offset == 0) {
        bool is_key = t.is_map_entry() && &f == &t.fields().front();
        if (is_key)
          return false;
        continue;
      }
      if (offset < 4 || offset + f.inline_size > table_size || !field_value(f, at + offset, depth))
        return false;
    }
    return true;
  }

  bool field_value(const field& f, uint64_t at, uint32_t depth) {
    if (!f.list)
      return one(f, at, depth);
    uint64_t items, count;
    if (!vector(at, f.item_size(), items, count))
      return false;
    if (!f.items_are_offsets())
      return true;
    for (uint64_t i = 0; i < count; ++i)
      if (!one(f, items + i * 4, depth))
        return false;
    return true;
  }

  bool one(const field& f, uint64_t at, uint32_t depth) {
    uint64_t target;
    switch (f.kind) {
      case value_kind::boolean: return true;
      case value_kind::int32: return at % 4 == 0;
      case value_kind::int64:
      case value_kind::number:
      case value_kind::time:
      case value_kind::micro_time:
      case value_kind::quantity: return at % 8 == 0;
      case value_kind::string:
      case value_kind::raw_json: return text(at);
      case value_kind::bytes: {
        uint64_t count;
        return vector(at, 1, target, count);
      }
      case value_kind::int_or_string:
      case value_kind::table: return at % 4 == 0 && follow(at, target) && table(*f.nested, target, depth + 1);
      case value_kind::map: return map(f, at, depth);
    }
    return false;
  }

  bool map(const field& f, uint64_t at, uint32_t depth) {
    uint64_t items, count, target;
    if (!vector(at, 4, items, count))
      return false;
    for (uint64_t i = 0; i < count; ++i)
      if (!follow(items + i * 4, target) || !table(*f.nested, target, depth + 1))
        return false;
    return true;
  }

  // The vector that the offset at `at` points to.
  bool vector(uint64_t at, uint64_t item_bytes, uint64_t& items, uint64_t& count) {
    uint64_t target;
    if (at % 4 != 0 || !follow(at, target) || !inside(target, 4, 4))
      return false;
    items = target + 4;
    count = read<uint32_t>(target);
    return inside(items, count * item_bytes, item_bytes) && spend(4 + count * item_bytes);
  }

  bool text(uint64_t at) {
    uint64_t begin, length;
    return vector(at, 1, begin, length) && begin + length < size_ && data_[begin + length] == 0;
  }

  const uint8_t* data_;
  uint64_t size_;
  uint64_t work_left_;
};

} // namespace

bool verify(const type& t, const object_buffer& object) {
  // FlatBuffers' own limit of 2 GB; the bytes are read in place.
  if (object.size() > INT32_MAX || reinterpret_cast<uintptr_t>(object.data()) % 8 != 0)
    return false;
  return verifier(object.data(), object.size()).root(t);
}

} // namespace messages::codec
