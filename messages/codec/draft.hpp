// The mutable form of an object: a JSON-like tree that the schema checks when it is packed to a FlatBuffer.
// A plain value type, no sharing, no locks; whoever holds it may change it.
#pragma once

#include "messages/codec/member_name.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <new>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace messages::codec {

/// `integer` is an int64; `number` is every other JSON number.
enum class draft_kind : uint8_t { null, boolean, integer, number, string, array, object };

class draft {
public:
  using array = std::vector<draft>;
  using member = std::pair<member_name, draft>;
  using object = std::vector<member>; // in insertion order

  draft() noexcept : raw_{} {} // null
  draft(std::nullptr_t) noexcept : draft() {}
  template <std::same_as<bool> T>
  draft(T value) noexcept : draft() {
    kind_ = draft_kind::boolean;
    raw_[0] = static_cast<std::byte>(value);
  }
  template <std::integral T>
    requires(!std::same_as<T, bool>)
  draft(T value) : draft(from_integer(value)) {}
  draft(double value);
  draft(const char* value) : draft(std::string_view(value)) {}
  draft(const std::string& value) : draft(std::string_view(value)) {}
  draft(std::string_view value) : draft(value, draft_kind::string) {}
  draft(const member_name& value) : draft(value.view()) {}
  // A pointer that is not text must not become `true`.
  template <class T>
  draft(const T*) = delete;

  draft(const draft& other);
  /// The other one is null then.
  draft(draft&& other) noexcept : draft() { take(other); }
  draft& operator=(const draft& other) {
    if (this != &other)
      *this = draft(other);
    return *this;
  }
  draft& operator=(draft&& other) noexcept {
    if (this != &other) {
      draft old(std::move(*this)); // ends last: the other one may be a part of it
      take(other);
    }
    return *this;
  }
  ~draft() {
    if (owns())
      destroy();
  }

  // What stands between braces is moved into the draft.
  struct braced_member;
  struct braced_item;
  static draft make_object(std::initializer_list<braced_member> members);
  static draft make_array(std::initializer_list<braced_item> items);
  static draft make_object() { return make_object(object()); }
  static draft make_array() { return make_array(array()); }
  static draft make_object(object members);
  static draft make_array(array items);
  /// A number by its JSON spelling, which must be valid. The spelling is kept when neither an int64 nor a
  /// double prints as exactly this text, so that what we do not understand passes through unchanged.
  static draft make_number(std::string_view spelling);

  draft_kind kind() const noexcept { return kind_; }
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
  // A string, or a number as it is spelled: in the draft itself when it is short, else a copy on the heap.
  struct far_text {
    const char* data;
    size_t size;
  };
  static constexpr uint8_t inline_text_max = 30, is_far = 31, is_double = 32;

  draft(std::string_view text, draft_kind kind);

  template <std::integral T>
  static draft from_integer(T value) {
    if (std::in_range<int64_t>(value)) {
      draft result;
      result.emplace(draft_kind::integer, static_cast<int64_t>(value));
      return result;
    }
    return make_number(std::to_string(value));
  }

  // What `kind_` and `text_size_` say lives in `raw_`: bool, int64_t, double, far_text, array, object, or characters.
  template <class T>
  T& as() noexcept {
    return *std::launder(reinterpret_cast<T*>(raw_));
  }
  template <class T>
  const T& as() const noexcept {
    return *std::launder(reinterpret_cast<const T*>(raw_));
  }
  template <class T>
  void emplace(draft_kind kind, T value) noexcept {
    static_assert(sizeof(T) <= sizeof raw_);
    new (raw_) T(std::move(value));
    kind_ = kind;
  }
  bool owns() const noexcept { return kind_ >= draft_kind::array || text_size_ == is_far; }
  std::string_view text() const noexcept {
    return text_size_ == is_far ? std::string_view{as<far_text>().data, as<far_text>().size}
                                : std::string_view{reinterpret_cast<const char*>(raw_), text_size_};
  }
  void take(draft& other) noexcept; // this is null
  void destroy() noexcept;

  alignas(8) std::byte raw_[30];
  uint8_t text_size_ = 0; // of text in raw_, or is_far, or is_double
  draft_kind kind_ = draft_kind::null;
};

static_assert(sizeof(draft) == 32);

struct draft::braced_member {
  std::string_view name;
  mutable draft value;
};

struct draft::braced_item {
  template <class T>
    requires std::convertible_to<T&&, draft>
  braced_item(T&& from) : value(std::forward<T>(from)) {}
  mutable draft value;
};

/// Levels of arrays and objects: 0 for a scalar, 1 for {}.
size_t depth_of(const draft& value);

} // namespace messages::codec
