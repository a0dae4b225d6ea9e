// What packing and unpacking makes of a draft, in place.
#include "messages/codec/codec.hpp"
#include "messages/codec/scalar_forms.hpp"
#include "messages/codec/zero_value.hpp"

#include <algorithm>
#include <cmath>

namespace messages::codec {

namespace {

/// What packing makes of a value: nothing, what is not stored because it is the default, or bytes.
enum class outcome : uint8_t { absent, zero, stored };

class canonicalizer : scalar_forms {
public:
  void table(const type* owner, const type& t, draft& value, const path_frame& at) {
    if (!value.is_object())
      refuse_kind(at, owner, t.go_name(), value);
    require_depth(at, 1);
    auto& members = value.members();
    auto base = seen_.size();
    size_t expected = 0, always = 0;
    bool in_order = true;
    for (auto& [key, item] : members) {
      path_frame here(at, key);
      auto f = t.find_next(key, expected);
      if (!f)
        refuse(here, "unknown field \"" + here.text() + "\"");
      if (item.is_null()) {
        seen_.push_back({});
        in_order = false;
        continue;
      }
      auto index = static_cast<uint16_t>(f - t.fields().data());
      if (base < seen_.size() && !(seen_.back().result == outcome::stored && seen_.back().index < index)) {
        in_order = false;
        refuse_second(base, index, here);
      }
      auto result = field_value(t, *f, item, here, f->stores_empty());
      seen_.push_back({index, result}); // after the call: seen_ may have moved
      in_order = in_order && result == outcome::stored;
      always += f->always_written() && f->zero_json != "null";
    }
    if (!in_order || always != t.always_written_count())
      rearrange(t, members, base);
    seen_.resize(base);
  }

private:
  struct seen_member {
    uint16_t index = 0;
    outcome result = outcome::absent;
  };

  void refuse_second(size_t base, uint16_t index, const path_frame& here) const {
    for (auto i = base; i < seen_.size(); ++i)
      if (seen_[i].index == index && seen_[i].result != outcome::absent)
        refuse(here, "duplicate field \"" + here.text() + "\"");
  }

  // Into the schema's order, without what is not stored, with what is always written.
  void rearrange(const type& t, draft::object& members, size_t base) const {
    std::vector<draft::member*> of_field(t.fields().size());
    for (size_t i = 0; i < members.size(); ++i)
      if (seen_[base + i].result == outcome::stored)
        of_field[seen_[base + i].index] = &members[i];
    draft::object out;
    out.reserve(members.size() + t.always_written_count());
    for (size_t i = 0; i < of_field.size(); ++i) {
      const auto& f = t.fields()[i];
      if (of_field[i])
        out.push_back(std::move(*of_field[i]));
      else if (f.always_written() && f.zero_json != "null")
        out.emplace_back(f.key, zero_value(f));
    }
    members = std::move(out);
  }

  static outcome stored_unless(bool zero, const field& f) {
    return zero && !f.optional ? outcome::zero : outcome::stored;
  }

  outcome field_value(const type& owner, const field& f, draft& value, const path_frame& at, bool store_empty) {
    if (!f.list)
      return one(owner, f, value, at, store_empty);
    if (!value.is_array())
      refuse_kind(at, &owner, f.go_type(), value);
    require_depth(at, 1);
    if (value.empty() && !store_empty)
      return outcome::absent;
    size_t i = 0;
    for (auto& item : value.items()) {
      path_frame here(at, i++);
      if (item.is_null() && f.kind != value_kind::raw_json)
        refuse_kind(here, &owner, f.go_item_type(), item);
      one(owner, f, item, here, true);
    }
    return outcome::stored;
  }

  outcome one(const type& owner, const field& f, draft& value, const path_frame& at, bool store_empty) {
    switch (f.kind) {
      case value_kind::boolean:
        require(value.is_bool(), owner, f, value, at);
        return stored_unless(!value.boolean(), f);
      case value_kind::int32:
        require(value.is_integer() && value.integer() == static_cast<int32_t>(value.integer()), owner, f, value, at);
        return stored_unless(value.integer() == 0, f);
      case value_kind::int64:
        require(value.is_integer(), owner, f, value, at);
        return stored_unless(value.integer() == 0, f);
      case value_kind::number: {
        number(owner, f, value, at);
        const auto amount = value.number();
        return stored_unless(amount == 0 && !std::signbit(amount), f);
      }
      case value_kind::string:
        require(value.is_string(), owner, f, value, at);
        return value.str().empty() && !store_empty ? outcome::absent : outcome::stored;
      case value_kind::time:
      case value_kind::micro_time:
        return stored_unless(time(f.kind, value, at) == 0, f);
      case value_kind::raw_json:
        require_depth(at, depth_of(value));
        value = parse_json(to_json(value), {json_depth_max, SIZE_MAX}).value;
        return outcome::stored;
      case value_kind::bytes:
        bytes(owner, f, value, at);
        return value.str().empty() && !store_empty ? outcome::absent : outcome::stored;
      case value_kind::quantity:
        quantity_value(value, at);
        return outcome::stored;
      case value_kind::int_or_string:
        int_or_string(value, at);
        return outcome::stored;
      case value_kind::table:
        if (f.emit_empty && !f.pointer && !store_empty && value.is_object() && value.empty())
          return outcome::absent;
        table(&owner, *f.nested, value, at);
        return outcome::stored;
      case value_kind::map: return map(owner, f, value, at, store_empty);
    }
    return outcome::absent;
  }

  outcome map(const type& owner, const field& f, draft& value, const path_frame& at, bool store_empty) {
    if (!value.is_object())
      refuse_kind(at, &owner, f.go_type(), value);
    require_depth(at, 1);
    if (value.empty() && !store_empty)
      return outcome::absent;
    auto& entries = value.members();
    auto before = [](const draft::member& a, const draft::member& b) { return a.first < b.first; };
    if (!std::is_sorted(entries.begin(), entries.end(), before))
      std::sort(entries.begin(), entries.end(), before);
    const auto& of_value = f.nested->fields()[1];
    for (size_t i = 0; i < entries.size(); ++i) {
      auto& [key, item] = entries[i];
      auto here = path_frame::key_of_map(at, key);
      if (i > 0 && entries[i - 1].first == key)
        refuse(here, "duplicate field \"" + here.text() + "\"");
      if (item.is_null())
        refuse_kind(here, &owner, of_value.go_type(), item);
      if (field_value(owner, of_value, item, here, true) != outcome::stored)
        item = zero_value_of_entry(of_value);
    }
    return outcome::stored;
  }

  std::vector<seen_member> seen_; // of the tables that are being looked at
};

} // namespace

std::optional<codec_error> canonicalize(const type& t, draft& value) {
  try {
    canonicalizer().table(nullptr, t, value, {});
    return std::nullopt;
  } catch (const refusal& refused) {
    return refused.error;
  }
}

} // namespace messages::codec
