// The draft tree: access, change, comparison.
#include "messages/codec/draft.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
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

draft::draft(double value) : value_(std::in_place_type<double>, value) {
  if (!std::isfinite(value))
    throw std::logic_error("draft: JSON has no infinity or NaN");
}

draft draft::make_object(std::initializer_list<std::pair<std::string_view, draft>> members) {
  object out;
  out.reserve(members.size());
  for (const auto& [key, value] : members)
    out.emplace_back(key, value);
  return make_object(std::move(out));
}

draft draft::make_array(std::initializer_list<draft> items) {
  return make_array(array(items));
}

draft draft::make_object(object members) {
  draft out;
  out.value_.emplace<object>(std::move(members));
  return out;
}

draft draft::make_array(array items) {
  draft out;
  out.value_.emplace<array>(std::move(items));
  return out;
}

draft draft::make_number(std::string_view spelling) {
  draft out;
  auto begin = spelling.data(), end = begin + spelling.size();
  int64_t integer = 0;
  // "-0" is an int64 that would print as "0": it stays a spelling.
  if (auto parsed = std::from_chars(begin, end, integer); parsed.ec == std::errc{} && parsed.ptr == end
                                                           && !(integer == 0 && spelling.size() > 1)) {
    out.value_.emplace<int64_t>(integer);
    return out;
  }
  double number = 0;
  auto parsed = std::from_chars(begin, end, number);
  if (parsed.ec == std::errc{} && parsed.ptr == end && std::isfinite(number) && double_text(number) == spelling)
    out.value_.emplace<double>(number);
  else
    out.value_.emplace<spelled>(spelled{std::string(spelling)});
  return out;
}

const draft* draft::find(std::string_view key) const noexcept {
  if (auto members = std::get_if<object>(&value_))
    for (const auto& entry : *members)
      if (entry.first == key)
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
  return all.emplace_back(std::string(key), draft{}).second;
}

draft& draft::set(std::string_view key, draft value) {
  return (*this)[key] = std::move(value);
}

bool draft::erase(std::string_view key) {
  auto all = std::get_if<object>(&value_);
  return all && std::erase_if(*all, [&](const member& entry) { return entry.first == key; }) != 0;
}

std::string_view draft::str(std::string_view otherwise) const noexcept {
  auto value = std::get_if<std::string>(&value_);
  return value ? std::string_view(*value) : otherwise;
}

int64_t draft::integer(int64_t otherwise) const noexcept {
  auto value = std::get_if<int64_t>(&value_);
  return value ? *value : otherwise;
}

double draft::number(double otherwise) const noexcept {
  if (auto value = std::get_if<double>(&value_))
    return *value;
  if (auto value = std::get_if<int64_t>(&value_))
    return static_cast<double>(*value);
  if (auto value = std::get_if<spelled>(&value_))
    return std::strtod(value->text.c_str(), nullptr);
  return otherwise;
}

bool draft::boolean(bool otherwise) const noexcept {
  auto value = std::get_if<bool>(&value_);
  return value ? *value : otherwise;
}

std::string draft::number_text() const {
  if (auto value = std::get_if<double>(&value_))
    return double_text(*value);
  if (auto value = std::get_if<int64_t>(&value_))
    return std::to_string(*value);
  if (auto value = std::get_if<spelled>(&value_))
    return value->text;
  return {};
}

size_t draft::size() const noexcept {
  return is_array() ? items().size() : members().size();
}

const draft::array& draft::items() const noexcept {
  auto value = std::get_if<array>(&value_);
  return value ? *value : no_items;
}

draft::array& draft::items() {
  if (is_null())
    value_.emplace<array>();
  if (auto value = std::get_if<array>(&value_))
    return *value;
  throw std::logic_error("draft: not an array");
}

const draft::object& draft::members() const noexcept {
  auto value = std::get_if<object>(&value_);
  return value ? *value : no_members;
}

draft::object& draft::members() {
  if (is_null())
    value_.emplace<object>();
  if (auto value = std::get_if<object>(&value_))
    return *value;
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
