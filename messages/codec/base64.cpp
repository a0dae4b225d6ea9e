#include "messages/codec/base64.hpp"

#include <array>

namespace messages::codec {

namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<int8_t, 256> values = [] {
  std::array<int8_t, 256> out{};
  out.fill(-1);
  for (size_t i = 0; i < alphabet.size(); ++i)
    out[static_cast<uint8_t>(alphabet[i])] = static_cast<int8_t>(i);
  return out;
}();

bool is_break(char c) {
  return c == '\r' || c == '\n';
}

} // namespace

void append_base64(const uint8_t* data, size_t size, std::string& out) {
  size_t start = out.size(), length = (size + 2) / 3 * 4;
  out.resize(start + length);
  char* to = out.data() + start;
  size_t i = 0;
  for (; i + 3 <= size; i += 3) {
    uint32_t group = data[i] << 16 | data[i + 1] << 8 | data[i + 2];
    *to++ = alphabet[group >> 18];
    *to++ = alphabet[group >> 12 & 63];
    *to++ = alphabet[group >> 6 & 63];
    *to++ = alphabet[group & 63];
  }
  if (i < size) {
    bool two = i + 1 < size;
    uint32_t group = data[i] << 16 | (two ? data[i + 1] << 8 : 0);
    *to++ = alphabet[group >> 18];
    *to++ = alphabet[group >> 12 & 63];
    *to++ = two ? alphabet[group >> 6 & 63] : '=';
    *to++ = '=';
  }
}

std::optional<std::string> decode_base64(std::string_view text, std::string* error) {
  auto fail = [&](size_t position) {
    if (error)
      *error = "illegal base64 data at input byte " + std::to_string(position);
    return std::nullopt;
  };
  std::string out;
  out.reserve(text.size() / 4 * 3);
  uint32_t group = 0;
  int digits = 0;
  size_t i = 0;
  auto skip_breaks = [&] {
    while (i < text.size() && is_break(text[i]))
      ++i;
  };
  for (; i < text.size() && text[i] != '='; ++i) {
    if (is_break(text[i]))
      continue;
    auto value = values[static_cast<uint8_t>(text[i])];
    if (value < 0)
      return fail(i);
    group = group << 6 | static_cast<uint32_t>(value);
    if (++digits == 4) {
      out += static_cast<char>(group >> 16);
      out += static_cast<char>(group >> 8);
      out += static_cast<char>(group);
      group = 0;
      digits = 0;
    }
  }
  if (i == text.size())
    return digits == 0 ? std::optional(std::move(out)) : fail(text.size() - static_cast<size_t>(digits));
  // Padding: one or two '=', and nothing but line breaks after it.
  if (digits < 2)
    return fail(i);
  auto first = i++;
  if (digits == 2) {
    skip_breaks();
    if (i == text.size())
      return fail(text.size());
    if (text[i] != '=')
      return fail(first);
    ++i;
  }
  skip_breaks();
  if (i != text.size())
    return fail(i);
  if (digits == 2) {
    out += static_cast<char>(group >> 4);
  } else {
    out += static_cast<char>(group >> 10);
    out += static_cast<char>(group >> 2);
  }
  return out;
}

} // namespace messages::codec
