#include "runtime/mesh/frame.hpp"

#include "runtime/mesh/wire.hpp"

#include <cstring>

namespace runtime::mesh {

namespace {

/// The bound of each type; 0: no such type.
size_t bytes_max_of(uint8_t type) {
  switch (static_cast<frame_type>(type)) {
    case frame_type::hello:
      return hello_bytes_max;
    case frame_type::welcome:
    case frame_type::pong:
      return 64;
    case frame_type::data:
    case frame_type::ping:
      return payload_bytes_max;
    case frame_type::close:
      return 4 * reason_bytes_max;
  }
  return 0;
}

} // namespace

void write_header(char* out, frame_type type, size_t payload_bytes) {
  out[0] = static_cast<char>(type);
  out[1] = static_cast<char>(payload_bytes >> 16);
  out[2] = static_cast<char>(payload_bytes >> 8);
  out[3] = static_cast<char>(payload_bytes);
}

void append_frame(std::string& out, frame_type type, std::string_view payload) {
  char header[frame_header_bytes];
  write_header(header, type, payload.size());
  out.append(header, sizeof header);
  out.append(payload);
}

frame_buffer::frame_buffer() : bytes_((frame_header_bytes + payload_bytes_max) * 3 / 2) {
}

std::pair<char*, size_t> frame_buffer::prepare() {
  if (begin_ > 0) {
    std::memmove(bytes_.data(), bytes_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  return {bytes_.data() + end_, bytes_.size() - end_};
}

void frame_buffer::commit(size_t bytes) {
  end_ += bytes;
}

std::optional<frame> frame_buffer::next() {
  if (bad_ || end_ - begin_ < frame_header_bytes)
    return std::nullopt;
  auto at = reinterpret_cast<const uint8_t*>(bytes_.data()) + begin_;
  size_t size = size_t{at[1]} << 16 | size_t{at[2]} << 8 | at[3];
  auto bound = bytes_max_of(at[0]);
  if (bound == 0 || size > bound) {
    bad_ = true;
    return std::nullopt;
  }
  if (end_ - begin_ < frame_header_bytes + size)
    return std::nullopt;
  frame result{static_cast<frame_type>(at[0]), {bytes_.data() + begin_ + frame_header_bytes, size}};
  begin_ += frame_header_bytes + size;
  return result;
}

std::string encode_ping(const ping& value) {
  std::string out;
  append_number(out, value.sequence);
  for (auto& host : value.sees) {
    if (out.size() + host.size() + 1 > payload_bytes_max)
      break;
    out += host;
    out += '\n';
  }
  return out;
}

std::optional<ping> decode_ping(std::string_view payload) {
  ping result;
  if (!take_number(payload, result.sequence))
    return std::nullopt;
  while (!payload.empty()) {
    auto end = payload.find('\n');
    if (end == payload.npos || result.sees.size() == sees_max)
      return std::nullopt;
    result.sees.emplace_back(payload.substr(0, end));
    payload.remove_prefix(end + 1);
  }
  return result;
}

std::string encode_pong(uint64_t sequence) {
  std::string out;
  append_number(out, sequence);
  return out;
}

std::optional<uint64_t> decode_pong(std::string_view payload) {
  uint64_t sequence = 0;
  if (!take_number(payload, sequence))
    return std::nullopt;
  return sequence;
}

std::string clean_reason(std::string_view text) {
  std::string result{text.substr(0, reason_bytes_max)};
  for (auto& c : result)
    if (static_cast<unsigned char>(c) < ' ' || c == 127)
      c = ' ';
  return result;
}

} // namespace runtime::mesh
