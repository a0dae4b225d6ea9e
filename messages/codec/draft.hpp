// The mutable form of an object: a JSON-like tree that the schema checks when it is packed to a FlatBuffer.
// A plain value type, no sharing, no locks; whoever holds it may change it.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace messages::codec {

/// `integer` is an int64; `number` is every other JSON number.
enum class draft_kind : uint8_t { null, boolean, integer, number, string, array, object };

class draft {
public:
  using array = std::vector<draft>;
  using member = std::pair<std::string, draft>;
  using object = std::vector<member>; // in insertion order

  draft() noexcept = default; // null
  draft(std::nullptr_t) noexcept {}
  template <std::same_as<bool> T>
  draft(T value) noexcept : value_(std::in_place_type<bool>, value) {}
  template <std::integral T>
    requires(!std::same_as<T, bool>)
  draft(T value) : draft(from_integer(value)) {}
  draft(double value);
  draft(const char* value) : value_(std::in_place_type<std::string>, value) {}
  draft(std::string value) noexcept : value_(std::in_place_type<std::string>, std::move(value)) {}
  draft(std::string_view value) : value_(std::in_place_type<std::string>, value) {}
  // A pointer that is not text must not become `true`.
  template <class T>
  draft(const T*) = delete;

  static draft make_object(std::initializer_list<std::pair<std::string_view, draft>> members = {});
  static draft make_array(std::initializer_list<draft> items = {});
  static draft make_object(object members);
  static draft make_array(array items);
  /// A number by its JSON spelling, which must be valid. The spelling is kept when neither an int64 nor a
  /// double prints as exactly this text, so that what we do not understand passes through unchanged.
  static draft make_number(std::string_view spelling);

  draft_kind kind() const noexcept {
    constexpr draft_kind kinds[] = {draft_kind::null,   draft_kind::boolean, draft_kind::integer,
                                    draft_kind::number, draft_kind::number,  draft_kind::string,
                                    draft_kind::array,  draft_kind::object};
    return kinds[value_.index()];
  }
  bool is_null() const noexcept { return kind() == draft_kind::null; }
  bool is_bool() const noexcept { return kind() == draft_kind::boolean; }
  bool is_integer() const noexcept { return kind() == draft_kind::integer; }
  /// Any JSON number, integers included.
  bool is_number() const noexcept { return kind() == draft_kind::integer || kind() == draft_kind::number; }
  bool is_string() const noexcept { return kind() == draft_kind::string; }
  bool is_array() const noexcept { return kind() == draft_kind::array; }
  bool is_object() const noexcept { return kind() == draft_kind::object; }

  /// nullptr when absent or when this is not an object.
  const draft* find(std::string_view key) const noexcept;
  draft* find(std::string_view key) noexcept;
  bool contains(std::string_view key) const noexcept { return find(key) != nullptr; }
  /// A shared null when absent, so that calls chain: d.get("spec").get("replicas").integer(1).
  const draft& get(std::string_view key) const noexcept;
  const draft& at(std::initializer_list<std::string_view> path) const noexcept;

  /// Null becomes an object; an absent member is inserted as null. Anything else than an object is an error
  /// of the caller (std::logic_error).
  draft& operator[](std::string_view key);
  draft& set(std::string_view key, draft value);
  bool erase(std::string_view key);

  /// The value, or `otherwise` when this is of another kind.
  std::string_view str(std::string_view otherwise = {}) const noexcept;
  int64_t integer(int64_t otherwise = 0) const noexcept;
  double number(double otherwise = 0) const noexcept; // also of an integer
  bool boolean(bool otherwise = false) const noexcept;
  /// The JSON text of a number; empty when this is none.
  std::string number_text() const;

  /// Members of an object, items of an array, else 0.
  size_t size() const noexcept;
  bool empty() const noexcept { return size() == 0; }
  /// The const forms give a shared empty list for other kinds; the mutable ones turn null into the kind asked
  /// for and throw std::logic_error for others.
  const array& items() const noexcept;
  array& items();
  const object& members() const noexcept;
  object& members();
  draft& push_back(draft value);

  /// Objects compare regardless of order; an integer never equals another kind of number.
  friend bool operator==(const draft& left, const draft& right);

private:
  struct spelled {
    std::string text;
  };
  template <std::integral T>
  static draft from_integer(T value) {
    if (std::in_range<int64_t>(value)) {
      draft result;
      result.value_.template emplace<int64_t>(static_cast<int64_t>(value));
      return result;
    }
    return make_number(std::to_string(value));
  }

  std::variant<std::monostate, bool, int64_t, double, spelled, std::string, array, object> value_;
};

/// Levels of arrays and objects: 0 for a scalar, 1 for {}.
size_t depth_of(const draft& value);

} // namespace messages::codec
