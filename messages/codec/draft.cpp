// The draft tree: access, change, comparison.
#include "messages/codec/draft.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

namespace messages::codec {

namespace {

const draft null_draft;
const draft::array no_items;
const draft::object no_members;

// Above this many members comparing sorts instead of searching linearly.
constexpr size_t linear_compare_members_max = 16;

std::string double_text(double value) {
  char buffer[40];
  auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
  return {buffer, end};
}

// A number as sign, significant digits without outer zeros, and a power of ten: equal iff the values are.
struct decimal {
  bool negative = false;
  std::string digits;
  int64_t exponent = 0;
  bool operator==(const decimal&) const = default;
};

decimal to_decimal(std::string_view text) {
  decimal out;
  size_t i = 0;
  if (i < text.size() && text[i] == '-') {
    out.negative = true;
    ++i;
  }
  bool fraction = false;
  for (; i < text.size() && text[i] != 'e' && text[i] != 'E'; ++i) {
    if (text[i] == '.') {
      fraction = true;
      continue;
    }
    out.digits += text[i];
    out.exponent -= fraction;
  }
  if (i < text.size()) {
    ++i;
    if (i < text.size() && text[i] == '+')
      ++i;
    int64_t exponent = 0;
    auto parsed = std::from_chars(text.data() + i, text.data() + text.size(), exponent);
    if (parsed.ec == std::errc::result_out_of_range)
      exponent = text[i] == '-' ? INT64_MIN / 2 : INT64_MAX / 2;
    out.exponent += std::clamp<int64_t>(exponent, INT64_MIN / 2, INT64_MAX / 2);
  }
  out.digits.erase(0, std::min(out.digits.find_first_not_of('0'), out.digits.size()));
  while (!out.digits.empty() && out.digits.back() == '0') {
    out.digits.pop_back();
    ++out.exponent;
  }
  if (out.digits.empty())
    return {};
  return out;
}

bool equal_objects(const draft::object& left, const draft::object& right) {
  if (left.size() != right.size())
    return false;
  bool same_order = true;
  for (size_t i = 0; i < left.size() && same_order; ++i)
    same_order = left[i].first == right[i].first;
  if (same_order) {
    for (size_t i = 0; i < left.size(); ++i)
      if (!(left[i].second == right[i].second))
        return false;
    return true;
  }
  if (left.size() <= linear_compare_members_max) {
    return std::all_of(left.begin(), left.end(), [&](const draft::member& mine) {
      auto theirs = std::find_if(right.begin(), right.end(), [&](const auto& x) { return x.first == mine.first; });
      return theirs != right.end() && theirs->second == mine.second;
    });
  }
  auto sorted = [](const draft::object& members) {
    std::vector<const draft::member*> out;
    out.reserve(members.size());
    for (const auto& entry : members)
      out.push_back(&entry);
    std::stable_sort(out.begin(), out.end(), [](auto a, auto b) { return a->first < b->first; });
    return out;
  };
  auto mine = sorted(left), theirs = sorted(right);
  return std::equal(mine.begin(), mine.end(), theirs.begin(),
                    [](auto a, auto b) { return a->first == b->first && a->second == b->second; });
}

} // namespace

draft::draft(double value) : draft() {
  if (!std::isfinite(value))
    throw std::logic_error("draft: JSON has no infinity or NaN");
  emplace(draft_kind::number, value);
  text_size_ = is_double;
}

draft::draft(std::string_view text, draft_kind kind) : draft() {
  if (text.size() <= inline_text_max) {
    if (!text.empty()) // else it may have no address
      std::memcpy(raw_, text.data(), text.size());
    text_size_ = static_cast<uint8_t>(text.size());
  } else {
    auto data = new char[text.size()];
    std::memcpy(data, text.data(), text.size());
    new (raw_) far_text{data, text.size()};
    text_size_ = is_far;
  }
  kind_ = kind;
}

draft::draft(const draft& other) : draft() {
  if (other.kind_ == draft_kind::object)
    emplace(draft_kind::object, object(other.as<object>()));
  else if (other.kind_ == draft_kind::array)
    emplace(draft_kind::array, array(other.as<array>()));
  else if (other.text_size_ == is_far)
    *this = draft(other.text(), other.kind_);
  else
    std::memcpy(static_cast<void*>(this), &other, sizeof other);
}

void draft::take(draft& other) noexcept {
  if (other.kind_ == draft_kind::object) {
    new (raw_) object(std::move(other.as<object>()));
    other.as<object>().~object();
  } else if (other.kind_ == draft_kind::array) {
    new (raw_) array(std::move(other.as<array>()));
    other.as<array>().~array();
  } else {
    std::memcpy(raw_, other.raw_, sizeof raw_);
  }
  text_size_ = std::exchange(other.text_size_, uint8_t{0});
  kind_ = std::exchange(other.kind_, draft_kind::null);
}

void draft::destroy() noexcept {
  if (kind_ == draft_kind::object)
    as<object>().~object();
  else if (kind_ == draft_kind::array)
    as<array>().~array();
  else
    delete[] as<far_text>().data;
}

draft draft::make_object(std::initializer_list<braced_member> members) {
  object out;
  out.reserve(members.size());
  for (const auto& [name, value] : members)
    out.emplace_back(member_name(name), std::move(value));
  return make_object(std::move(out));
}

draft draft::make_array(std::initializer_list<braced_item> items) {
  array out;
  out.reserve(items.size());
  for (const auto& item : items)
    out.push_back(std::move(item.value));
  return make_array(std::move(out));
}

draft draft::make_object(object members) {
  draft out;
  out.emplace(draft_kind::object, std::move(members));
  return out;
}

draft draft::make_array(array items) {
  draft out;
  out.emplace(draft_kind::array, std::move(items));
  return out;
}

draft draft::make_number(std::string_view spelling) {
  draft out;
  auto begin = spelling.data(), end = begin + spelling.size();
  int64_t integer = 0;
  // "-0" is an int64 that would print as "0": it stays a spelling.
  if (auto parsed = std::from_chars(begin, end, integer); parsed.ec == std::errc{} && parsed.ptr == end
                                                           && !(integer == 0 && spelling.size() > 1)) {
    out.emplace(draft_kind::integer, integer);
    return out;
  }
  double number = 0;
  auto parsed = std::from_chars(begin, end, number);
  if (parsed.ec == std::errc{} && parsed.ptr == end && std::isfinite(number) && double_text(number) == spelling)
    return number;
  return draft(spelling, draft_kind::number);
}

const draft* draft::find(std::string_view key) const noexcept {
  if (!member_name::is_short(key)) {
    for (const auto& entry : members())
      if (entry.first == key)
        return &entry.second;
    return nullptr;
  }
  const member_name name(key);
  for (const auto& entry : members())
    if (entry.first == name)
      return &entry.second;
  return nullptr;
}

draft* draft::find(std::string_view key) noexcept {
  return const_cast<draft*>(std::as_const(*this).find(key));
}

const draft& draft::get(std::string_view key) const noexcept {
  auto found = find(key);
  return found ? *found : null_draft;
}

const draft& draft::at(std::initializer_list<std::string_view> path) const noexcept {
  const draft* position = this;
  for (auto key : path)
    position = &position->get(key);
  return *position;
}

draft& draft::operator[](std::string_view key) {
  auto& all = members();
  for (auto& entry : all)
    if (entry.first == key)
      return entry.second;
  return all.emplace_back(member_name(key), draft{}).second;
}

draft& draft::set(std::string_view key, draft value) {
  return (*this)[key] = std::move(value);
}

bool draft::erase(std::string_view key) {
  return is_object() && std::erase_if(as<object>(), [&](const member& entry) { return entry.first == key; }) != 0;
}

std::string_view draft::str(std::string_view otherwise) const noexcept {
  return is_string() ? text() : otherwise;
}

int64_t draft::integer(int64_t otherwise) const noexcept {
  return is_integer() ? as<int64_t>() : otherwise;
}

double draft::number(double otherwise) const noexcept {
  if (is_integer())
    return static_cast<double>(as<int64_t>());
  if (kind_ != draft_kind::number)
    return otherwise;
  return text_size_ == is_double ? as<double>() : std::strtod(std::string(text()).c_str(), nullptr);
}

bool draft::boolean(bool otherwise) const noexcept {
  return is_bool() ? raw_[0] != std::byte{0} : otherwise;
}

std::string draft::number_text() const {
  if (is_integer())
    return std::to_string(as<int64_t>());
  if (kind_ != draft_kind::number)
    return {};
  return text_size_ == is_double ? double_text(as<double>()) : std::string(text());
}

size_t draft::size() const noexcept {
  return is_array() ? items().size() : members().size();
}

const draft::array& draft::items() const noexcept {
  return is_array() ? as<array>() : no_items;
}

draft::array& draft::items() {
  if (is_null())
    emplace(draft_kind::array, array());
  if (is_array())
    return as<array>();
  throw std::logic_error("draft: not an array");
}

const draft::object& draft::members() const noexcept {
  return is_object() ? as<object>() : no_members;
}

draft::object& draft::members() {
  if (is_null())
    emplace(draft_kind::object, object());
  if (is_object())
    return as<object>();
  throw std::logic_error("draft: not an object");
}

draft& draft::push_back(draft value) {
  return items().emplace_back(std::move(value));
}

bool operator==(const draft& left, const draft& right) {
  if (left.kind() != right.kind())
    return false;
  switch (left.kind()) {
    case draft_kind::null: return true;
    case draft_kind::boolean: return left.boolean() == right.boolean();
    case draft_kind::integer: return left.integer() == right.integer();
    case draft_kind::number: return to_decimal(left.number_text()) == to_decimal(right.number_text());
    case draft_kind::string: return left.str() == right.str();
    case draft_kind::array: return left.items() == right.items();
    case draft_kind::object: return equal_objects(left.members(), right.members());
  }
  return false;
}

size_t depth_of(const draft& value) {
  size_t below = 0;
  for (const auto& item : value.items())
    below = std::max(below, depth_of(item));
  for (const auto& [key, item] : value.members())
    below = std::max(below, depth_of(item));
  return value.is_array() || value.is_object() ? below + 1 : 0;
}

} // namespace messages::codec
