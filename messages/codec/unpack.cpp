// FlatBuffers to drafts: the tree of what encode_json() writes.
#include "messages/codec/base64.hpp"
#include "messages/codec/codec.hpp"
#include "messages/codec/refusal.hpp"
#include "messages/codec/stored.hpp"
#include "messages/codec/time.hpp"
#include "messages/codec/zero_value.hpp"

namespace messages::codec {

namespace {

draft value_of_field(const field& f, const uint8_t* at);

// At least as many fields as are stored: how many the vtable has that are not 0.
size_t stored_count(const stored_table* from) {
  auto vtable = from->GetVTable();
  auto size = flatbuffers::ReadScalar<flatbuffers::voffset_t>(vtable);
  size_t count = 0;
  for (flatbuffers::voffset_t at = 2 * sizeof size; at < size; at += sizeof size)
    count += flatbuffers::ReadScalar<flatbuffers::voffset_t>(vtable + at) != 0;
  return count;
}

draft table(const type& t, const stored_table* from) {
  draft::object members;
  members.reserve(stored_count(from) + t.always_written_count());
  const auto& places = t.places();
  for (size_t i = 0; i < places.size(); ++i) {
    auto at = from->GetAddressOf(places[i].offset);
    if (!at && !places[i].always_written)
      continue;
    const auto& f = t.fields()[i];
    if (!at)
      members.emplace_back(f.key, zero_value(f));
    else if (!is_omitted(f, at))
      members.emplace_back(f.key, value_of_field(f, at));
  }
  return draft::make_object(std::move(members));
}

draft one(const field& f, const uint8_t* at) {
  std::string text;
  switch (f.kind) {
    case value_kind::boolean: return *at != 0;
    case value_kind::int32: return flatbuffers::ReadScalar<int32_t>(at);
    case value_kind::int64: return flatbuffers::ReadScalar<int64_t>(at);
    case value_kind::number: return canonical_double(flatbuffers::ReadScalar<double>(at));
    case value_kind::string: return stored_text(at);
    case value_kind::raw_json: return parse_json(stored_text(at), {json_depth_max, SIZE_MAX}).value;
    case value_kind::time: return format_time(flatbuffers::ReadScalar<int64_t>(at));
    case value_kind::micro_time: return format_micro_time(flatbuffers::ReadScalar<int64_t>(at));
    case value_kind::bytes: {
      auto data = reinterpret_cast<const flatbuffers::Vector<uint8_t>*>(follow(at));
      append_base64(data->data(), data->size(), text);
      return text;
    }
    case value_kind::quantity: return to_string(stored_quantity_at(at));
    case value_kind::int_or_string: {
      auto from = reinterpret_cast<const stored_table*>(follow(at));
      const auto &number = f.nested->fields()[0], &name = f.nested->fields()[1];
      if (auto found = from->GetAddressOf(name.offset))
        return stored_text(found);
      return from->GetField<int32_t>(number.offset, 0);
    }
    case value_kind::table: return table(*f.nested, reinterpret_cast<const stored_table*>(follow(at)));
    case value_kind::map: {
      auto entries = reinterpret_cast<const stored_items*>(follow(at));
      const auto &of_key = f.nested->fields()[0], &of_value = f.nested->fields()[1];
      draft::object members;
      members.reserve(entries->size());
      for (uint32_t i = 0; i < entries->size(); ++i) {
        auto entry = reinterpret_cast<const stored_table*>(entries->Get(i));
        auto key = entry->GetAddressOf(of_key.offset);
        auto value = entry->GetAddressOf(of_value.offset);
        members.emplace_back(key ? member_name(stored_text(key)) : member_name(),
                             value ? value_of_field(of_value, value)
                                   : zero_value_of_entry(of_value));
      }
      return draft::make_object(std::move(members));
    }
  }
  return {};
}

draft value_of_field(const field& f, const uint8_t* at) {
  if (!f.list)
    return one(f, at);
  auto items = follow(at);
  auto count = flatbuffers::ReadScalar<uint32_t>(items);
  auto size = f.item_size();
  draft::array out;
  out.reserve(count);
  for (uint32_t i = 0; i < count; ++i)
    out.push_back(one(f, items + sizeof(uint32_t) + i * size));
  return draft::make_array(std::move(out));
}

} // namespace

draft unpack(const type& t, const object_buffer& object) {
  return table(t, object.root<stored_table>());
}

} // namespace messages::codec
