// Drafts to FlatBuffers.
#include "messages/codec/base64.hpp"
#include "messages/codec/codec.hpp"
#include "messages/codec/quantity.hpp"
#include "messages/codec/refusal.hpp"
#include "messages/codec/time.hpp"

#include <flatbuffers/flatbuffers.h>

#include <algorithm>
#include <cstring>

namespace messages::codec {

namespace {

// A builder that grew beyond this is not kept for the thread's next object.
constexpr size_t kept_bytes_max = 256 * 1024;

// As the generated struct Quantity.
struct alignas(8) stored_quantity {
  int64_t value;
  int8_t scale;
  uint8_t suffix;
  uint8_t padding[6];
};
static_assert(sizeof(stored_quantity) == 16);

// A field's value, ready to be added to its table: a scalar, or the offset of what was built before.
struct slot {
  uint64_t bits = 0;
  int8_t scale = 0;
  uint8_t suffix = 0;
  bool present = false;
};

class packer {
public:
  explicit packer(flatbuffers::FlatBufferBuilder& builder) : builder_(builder) {}

  uint32_t table(const type* owner, const type& t, const draft& value, const path_frame& at) {
    if (!value.is_object())
      refuse_kind(at, owner, t.go_name(), value);
    require_depth(at, 1);
    auto base = slots_.size();
    slots_.resize(base + t.fields().size());
    size_t expected = 0;
    for (const auto& [key, item] : value.members()) {
      path_frame here(at, key);
      auto f = t.find_next(key, expected);
      if (!f)
        refuse(here, "unknown field \"" + here.text() + "\"");
      if (item.is_null())
        continue;
      auto index = base + static_cast<size_t>(f - t.fields().data());
      if (slots_[index].present)
        refuse(here, "duplicate field \"" + here.text() + "\"");
      auto made = field_value(t, *f, item, here, f->stores_empty());
      slots_[index] = made; // after the call: slots_ may have moved
    }
    auto start = builder_.StartTable();
    for (auto i : t.packing_order())
      if (slots_[base + i].present)
        add(t.fields()[i], slots_[base + i]);
    slots_.resize(base);
    return builder_.EndTable(start);
  }

private:
  static slot scalar(uint64_t bits) { return {bits, 0, 0, true}; }
  static slot absent() { return {}; }

  slot field_value(const type& owner, const field& f, const draft& value, const path_frame& at, bool store_empty) {
    return f.list ? list(owner, f, value, at, store_empty) : one(owner, f, value, at, store_empty);
  }

  slot list(const type& owner, const field& f, const draft& value, const path_frame& at, bool store_empty) {
    if (!value.is_array())
      refuse_kind(at, &owner, f.go_type(), value);
    require_depth(at, 1);
    if (value.empty() && !store_empty)
      return absent();
    auto base = slots_.size();
    size_t i = 0;
    for (const auto& item : value.items()) {
      path_frame here(at, i++);
      if (item.is_null() && f.kind != value_kind::raw_json)
        refuse_kind(here, &owner, f.go_item_type(), item);
      auto made = one(owner, f, item, here, true);
      slots_.push_back(made);
    }
    switch (f.kind) {
      case value_kind::boolean: return vector_of<uint8_t>(base);
      case value_kind::int32: return vector_of<int32_t>(base);
      case value_kind::int64:
      case value_kind::time:
      case value_kind::micro_time:
      case value_kind::number: return vector_of<uint64_t>(base);
      default: return vector_of_offsets(base);
    }
  }

  template <class T>
  slot vector_of(size_t base) {
    auto count = slots_.size() - base;
    builder_.StartVector(count, sizeof(T));
    for (size_t i = slots_.size(); i-- > base;)
      builder_.PushElement(static_cast<T>(slots_[i].bits));
    slots_.resize(base);
    return scalar(builder_.EndVector(count));
  }

  slot vector_of_offsets(size_t base) {
    auto count = slots_.size() - base;
    builder_.StartVector(count, sizeof(flatbuffers::uoffset_t));
    for (size_t i = slots_.size(); i-- > base;)
      builder_.PushElement(flatbuffers::Offset<void>(static_cast<uint32_t>(slots_[i].bits)));
    slots_.resize(base);
    return scalar(builder_.EndVector(count));
  }

  slot one(const type& owner, const field& f, const draft& value, const path_frame& at, bool store_empty) {
    switch (f.kind) {
      case value_kind::boolean:
        require(value.is_bool(), owner, f, value, at);
        return scalar(value.boolean());
      case value_kind::int32:
        require(value.is_integer() && value.integer() == static_cast<int32_t>(value.integer()), owner, f, value, at);
        return scalar(static_cast<uint64_t>(value.integer()));
      case value_kind::int64:
        require(value.is_integer(), owner, f, value, at);
        return scalar(static_cast<uint64_t>(value.integer()));
      case value_kind::number: {
        auto number = value.number();
        require(value.is_number() && number - number == 0, owner, f, value, at); // 1e400 is infinite
        uint64_t bits;
        std::memcpy(&bits, &number, sizeof bits);
        return scalar(bits);
      }
      case value_kind::string:
        require(value.is_string(), owner, f, value, at);
        return text(value.str(), store_empty);
      case value_kind::time:
      case value_kind::micro_time: return time(f.kind, value, at);
      case value_kind::raw_json: {
        require_depth(at, depth_of(value));
        text_.clear();
        encode_json(value, text_);
        return text(text_, true);
      }
      case value_kind::bytes: return bytes(owner, f, value, at, store_empty);
      case value_kind::quantity: return quantity_value(value, at);
      case value_kind::int_or_string: return int_or_string(*f.nested, value, at);
      case value_kind::table:
        if (f.emit_empty && !f.pointer && !store_empty && value.is_object() && value.empty())
          return absent();
        return scalar(table(&owner, *f.nested, value, at));
      case value_kind::map: return map(owner, f, value, at, store_empty);
    }
    return absent();
  }

  static void require(bool good, const type& owner, const field& f, const draft& value, const path_frame& at) {
    if (!good)
      refuse_kind(at, &owner, f.go_item_type(), value);
  }

  slot text(std::string_view value, bool store_empty) {
    if (value.empty() && !store_empty)
      return absent();
    return scalar(builder_.CreateString(value.data(), value.size()).o);
  }

  static slot time(value_kind kind, const draft& value, const path_frame& at) {
    if (!value.is_string())
      refuse_value(at, "string", value);
    std::string error;
    auto parsed = kind == value_kind::time ? parse_time(value.str(), &error) : parse_micro_time(value.str(), &error);
    if (!parsed)
      refuse(at, error);
    return scalar(static_cast<uint64_t>(*parsed));
  }

  slot bytes(const type& owner, const field& f, const draft& value, const path_frame& at, bool store_empty) {
    require(value.is_string(), owner, f, value, at);
    std::string error;
    auto decoded = decode_base64(value.str(), &error);
    if (!decoded)
      refuse(at, error);
    if (decoded->empty() && !store_empty)
      return absent();
    return scalar(builder_.CreateVector(reinterpret_cast<const uint8_t*>(decoded->data()), decoded->size()).o);
  }

  static slot quantity_value(const draft& value, const path_frame& at) {
    std::string error;
    auto parsed = parse_quantity(quantity_text(at, value), &error);
    if (!parsed)
      refuse(at, error);
    return {static_cast<uint64_t>(parsed->value), parsed->scale, parsed->suffix, true};
  }

  slot int_or_string(const type& t, const draft& value, const path_frame& at) {
    const auto &number = t.fields()[0], &name = t.fields()[1];
    slot made;
    bool is_name = value.is_string();
    if (is_name)
      made = text(value.str(), true);
    else if (value.is_integer() && value.integer() == static_cast<int32_t>(value.integer()))
      made = scalar(static_cast<uint64_t>(value.integer()));
    else
      refuse_value(at, "int32", value);
    auto start = builder_.StartTable();
    add(is_name ? name : number, made);
    return scalar(builder_.EndTable(start));
  }

  slot map(const type& owner, const field& f, const draft& value, const path_frame& at, bool store_empty) {
    if (!value.is_object())
      refuse_kind(at, &owner, f.go_type(), value);
    require_depth(at, 1);
    if (value.empty() && !store_empty)
      return absent();
    std::vector<const draft::member*> entries;
    entries.reserve(value.size());
    for (const auto& entry : value.members())
      entries.push_back(&entry);
    auto before = [](auto a, auto b) { return a->first < b->first; };
    if (!std::is_sorted(entries.begin(), entries.end(), before))
      std::sort(entries.begin(), entries.end(), before);
    const auto &of_key = f.nested->fields()[0], &of_value = f.nested->fields()[1];
    auto base = slots_.size();
    for (size_t i = 0; i < entries.size(); ++i) {
      const auto& [key, item] = *entries[i];
      auto here = path_frame::key_of_map(at, key);
      if (i > 0 && entries[i - 1]->first == key)
        refuse(here, "duplicate field \"" + here.text() + "\"");
      if (item.is_null())
        refuse_kind(here, &owner, of_value.go_type(), item);
      auto made = field_value(owner, of_value, item, here, true);
      auto name = text(key, true);
      auto start = builder_.StartTable();
      if (of_value.inline_size > of_key.inline_size) {
        add(of_value, made);
        add(of_key, name);
      } else {
        add(of_key, name);
        add(of_value, made);
      }
      slots_.push_back(scalar(builder_.EndTable(start)));
    }
    return vector_of_offsets(base);
  }

  template <class T>
  void add_scalar(const field& f, const slot& s) {
    auto value = static_cast<T>(s.bits);
    if (f.optional)
      builder_.AddElement<T>(f.offset, value);
    else
      builder_.AddElement<T>(f.offset, value, 0);
  }

  void add(const field& f, const slot& s) {
    if (f.list)
      return builder_.AddOffset(f.offset, flatbuffers::Offset<void>(static_cast<uint32_t>(s.bits)));
    switch (f.kind) {
      case value_kind::boolean: return add_scalar<uint8_t>(f, s);
      case value_kind::int32: return add_scalar<int32_t>(f, s);
      case value_kind::int64:
      case value_kind::time:
      case value_kind::micro_time:
      case value_kind::number: return add_scalar<uint64_t>(f, s);
      case value_kind::quantity: {
        stored_quantity stored{static_cast<int64_t>(s.bits), s.scale, s.suffix, {}};
        return builder_.AddStruct(f.offset, &stored);
      }
      default: return builder_.AddOffset(f.offset, flatbuffers::Offset<void>(static_cast<uint32_t>(s.bits)));
    }
  }

  flatbuffers::FlatBufferBuilder& builder_;
  std::vector<slot> slots_;
  std::string text_;
};

// FlatBuffers reads in place: the copy starts at a multiple of eight.
object_buffer copy_aligned(const flatbuffers::FlatBufferBuilder& builder) {
  auto size = builder.GetSize();
  auto owner = std::make_shared_for_overwrite<uint64_t[]>((size + 7) / 8);
  auto data = reinterpret_cast<uint8_t*>(owner.get());
  std::memcpy(data, builder.GetBufferPointer(), size);
  return {std::shared_ptr<const void>(owner, data), data, size};
}

} // namespace

pack_result pack(const type& t, const draft& value) {
  thread_local auto kept = std::make_unique<flatbuffers::FlatBufferBuilder>(8192);
  kept->Clear();
  pack_result out;
  try {
    kept->Finish(flatbuffers::Offset<flatbuffers::Table>(packer(*kept).table(nullptr, t, value, {})));
    out.object = copy_aligned(*kept);
  } catch (const refusal& refused) {
    out.error = refused.error;
  }
  if (kept->GetSize() > kept_bytes_max || out.error)
    kept = std::make_unique<flatbuffers::FlatBufferBuilder>(8192);
  return out;
}

} // namespace messages::codec
