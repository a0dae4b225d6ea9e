// Numbers and texts within a frame's payload: big endian, texts with a u16 length in front.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace runtime::mesh {

template <std::unsigned_integral T>
void append_number(std::string& out, T value) {
  for (int shift = (static_cast<int>(sizeof(T)) - 1) * 8; shift >= 0; shift -= 8)
    out += static_cast<char>(value >> shift & 0xff);
}

/// False when the input is too short.
template <std::unsigned_integral T>
bool take_number(std::string_view& in, T& value) {
  if (in.size() < sizeof(T))
    return false;
  uint64_t result = 0;
  for (size_t i = 0; i < sizeof(T); ++i)
    result = result << 8 | static_cast<uint8_t>(in[i]);
  value = static_cast<T>(result);
  in.remove_prefix(sizeof(T));
  return true;
}

inline void append_text(std::string& out, std::string_view text) {
  append_number(out, static_cast<uint16_t>(text.size()));
  out += text;
}

inline bool take_text(std::string_view& in, std::string& text) {
  uint16_t size = 0;
  if (!take_number(in, size) || in.size() < size)
    return false;
  text = in.substr(0, size);
  in.remove_prefix(size);
  return true;
}

} // namespace runtime::mesh
