#include "messages/codec/json_text.hpp"

#include <array>
#include <cmath>
#include <cstring>

namespace messages::codec {

namespace {

constexpr uint64_t repeat(uint8_t byte) {
  return 0x0101010101010101u * byte;
}

// A high bit wherever a byte of `word` is zero; may have more above the first one.
uint64_t zero_bytes(uint64_t word) {
  return (word - repeat(1)) & ~word & repeat(0x80);
}

bool is_plain(unsigned char c) {
  return c >= 0x20 && c < 0x80 && c != '"' && c != '\\' && c != '<' && c != '>' && c != '&';
}

// No byte needs an escape or a look at its UTF-8: eight at a time.
bool all_plain(const char* text, size_t size) {
  size_t i = 0;
  uint64_t special = 0;
  for (; i + 8 <= size; i += 8) {
    uint64_t word;
    std::memcpy(&word, text + i, 8);
    special |= word & repeat(0x80);                            // not ASCII
    special |= (word - repeat(0x20)) & ~word & repeat(0x80);   // control characters
    special |= zero_bytes(word ^ repeat('"')) | zero_bytes(word ^ repeat('\\')) | zero_bytes(word ^ repeat('&'));
    special |= zero_bytes((word & repeat(0xfd)) ^ repeat('<')); // '<' and '>' differ in one bit
  }
  if (special)
    return false;
  for (; i < size; ++i)
    if (!is_plain(static_cast<unsigned char>(text[i])))
      return false;
  return true;
}

// The length of the valid UTF-8 sequence at `text`, 0 if there is none.
size_t utf8_length(const unsigned char* text, size_t size) {
  auto continues = [&](size_t i) { return i < size && (text[i] & 0xc0) == 0x80; };
  unsigned char first = text[0];
  if (first < 0x80)
    return 1;
  if (first >= 0xc2 && first <= 0xdf)
    return continues(1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    bool good = continues(1) && continues(2) && !(first == 0xe0 && text[1] < 0xa0)
                && !(first == 0xed && text[1] > 0x9f);
    return good ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    bool good = continues(1) && continues(2) && continues(3) && !(first == 0xf0 && text[1] < 0x90)
                && !(first == 0xf4 && text[1] > 0x8f);
    return good ? 4 : 0;
  }
  return 0;
}

void append_ascii(unsigned char c, std::string& out) {
  constexpr char hex[] = "0123456789abcdef";
  switch (c) {
    case '"': out += "\\\""; return;
    case '\\': out += "\\\\"; return;
    case '\b': out += "\\b"; return;
    case '\f': out += "\\f"; return;
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    default: break;
  }
  if (is_plain(c) || c == 0x7f) {
    out += static_cast<char>(c);
    return;
  }
  out += "\\u00";
  out += hex[c >> 4];
  out += hex[c & 15];
}

void append_escaped(std::string_view text, std::string& out) {
  auto data = reinterpret_cast<const unsigned char*>(text.data());
  for (size_t i = 0; i < text.size();) {
    if (data[i] < 0x80) {
      append_ascii(data[i++], out);
      continue;
    }
    auto length = utf8_length(data + i, text.size() - i);
    if (length == 0) {
      out += "\\ufffd";
      ++i;
      continue;
    }
    if (length == 3 && data[i] == 0xe2 && data[i + 1] == 0x80 && (data[i + 2] | 1) == 0xa9)
      out += data[i + 2] == 0xa8 ? "\\u2028" : "\\u2029";
    else
      out.append(text.substr(i, length));
    i += length;
  }
}

} // namespace

void append_json_string(std::string_view text, std::string& out) {
  out += '"';
  if (all_plain(text.data(), text.size()))
    out += text;
  else
    append_escaped(text, out);
  out += '"';
}

void append_json_number(double value, std::string& out) {
  if (!std::isfinite(value)) {
    out += '0';
    return;
  }
  char buffer[40];
  out.append(buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr);
}

} // namespace messages::codec
