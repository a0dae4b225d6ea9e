// Checking a draft against the schema, in place.
#include "messages/codec/codec.hpp"
#include "messages/codec/scalar_forms.hpp"

namespace messages::codec {

namespace {

class checker : scalar_forms {
public:
  explicit checker(std::vector<std::string>& strict_errors) : strict_errors_(strict_errors) {}

  void table(const type* owner, const type& t, draft& value, const path_frame& at) {
    if (!value.is_object())
      refuse_kind(at, owner, t.go_name(), value);
    require_depth(at, 1);
    auto& members = value.members();
    size_t kept = 0, expected = 0;
    for (size_t i = 0; i < members.size(); ++i) {
      path_frame here(at, members[i].first);
      auto f = t.find_next(members[i].first, expected);
      if (!f) {
        if (strict_errors_.size() < strict_errors_max)
          strict_errors_.push_back("unknown field \"" + here.text() + "\"");
        continue;
      }
      if (members[i].second.is_null())
        continue;
      field_value(t, *f, members[i].second, here);
      if (kept != i)
        members[kept] = std::move(members[i]);
      ++kept;
    }
    members.erase(members.begin() + static_cast<std::ptrdiff_t>(kept), members.end());
  }

private:
  void field_value(const type& owner, const field& f, draft& value, const path_frame& at) {
    if (!f.list)
      return one(owner, f, value, at);
    if (!value.is_array())
      refuse_kind(at, &owner, f.go_type(), value);
    require_depth(at, 1);
    size_t i = 0;
    for (auto& item : value.items()) {
      path_frame here(at, i++);
      if (item.is_null() && f.kind != value_kind::raw_json)
        item = zero(f);
      one(owner, f, item, here);
    }
  }

  // What Go makes of a null in a list or a map.
  static draft zero(const field& f) {
    switch (f.kind) {
      case value_kind::boolean: return false;
      case value_kind::int32:
      case value_kind::int64:
      case value_kind::number:
      case value_kind::int_or_string: return 0;
      case value_kind::string:
      case value_kind::bytes: return "";
      case value_kind::quantity: return "0";
      case value_kind::table:
      case value_kind::map: return draft::make_object();
      case value_kind::time:
      case value_kind::micro_time:
      case value_kind::raw_json: return {};
    }
    return {};
  }

  void one(const type& owner, const field& f, draft& value, const path_frame& at) {
    switch (f.kind) {
      case value_kind::boolean: return require(value.is_bool(), owner, f, value, at);
      case value_kind::int32: {
        auto number = value.integer();
        return require(value.is_integer() && number == static_cast<int32_t>(number), owner, f, value, at);
      }
      case value_kind::int64: return require(value.is_integer(), owner, f, value, at);
      case value_kind::number: return number(owner, f, value, at);
      case value_kind::string: return require(value.is_string(), owner, f, value, at);
      case value_kind::time:
      case value_kind::micro_time: time(f.kind, value, at); return;
      case value_kind::raw_json: return require_depth(at, depth_of(value));
      case value_kind::bytes: return bytes(owner, f, value, at);
      case value_kind::quantity: return quantity_value(value, at);
      case value_kind::int_or_string: return int_or_string(value, at);
      case value_kind::table: return table(&owner, *f.nested, value, at);
      case value_kind::map: return map(owner, f, value, at);
    }
  }

  void map(const type& owner, const field& f, draft& value, const path_frame& at) {
    if (!value.is_object())
      refuse_kind(at, &owner, f.go_type(), value);
    require_depth(at, 1);
    const auto& of_value = f.nested->fields()[1];
    for (auto& [key, entry] : value.members()) {
      if (entry.is_null())
        entry = of_value.list ? draft::make_array() : zero(of_value);
      field_value(owner, of_value, entry, path_frame::key_of_map(at, key));
    }
  }

  std::vector<std::string>& strict_errors_;
};

} // namespace

std::optional<codec_error> check(const type& t, draft& value, std::vector<std::string>& strict_errors) {
  try {
    checker(strict_errors).table(nullptr, t, value, {});
    return std::nullopt;
  } catch (const refusal& refused) {
    return refused.error;
  }
}

} // namespace messages::codec
