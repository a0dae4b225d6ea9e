// What travels between two hosts inside TLS: frames of a type and a payload. Bounded on both ends. Pure; no sockets.
//
//   frame   u8 type, u24 length (big endian), payload
//   ping    u64 sequence, then the names of the hosts that the sender sees up, each ended by '\n'
//   pong    u64 sequence of the ping that it answers
//   close   the reason, as text for the other side's log
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace runtime::mesh {

enum class frame_type : uint8_t {
  hello = 1,   ///< the first frame of each side (hello.hpp)
  welcome = 2, ///< the sender accepts the other's hello
  data = 3,    ///< bytes of the actor system's stream
  ping = 4,
  pong = 5,
  close = 6, ///< the last frame
};

constexpr size_t frame_header_bytes = 4;
constexpr size_t payload_bytes_max = 64 << 10;
/// One data frame. Small enough that a ping behind it is not late on a slow link.
constexpr size_t data_bytes_max = 32 << 10;
constexpr size_t hello_bytes_max = 2 << 10;
constexpr size_t reason_bytes_max = 512;

/// Appends a frame. The payload is at most payload_bytes_max long.
void append_frame(std::string& out, frame_type type, std::string_view payload);
void write_header(char* out, frame_type type, size_t payload_bytes);

struct frame {
  frame_type type;
  std::string_view payload; ///< valid until the buffer's next prepare()
};

/// Collects what arrives and takes whole frames out of it. Holds at most one frame and a half.
class frame_buffer {
public:
  frame_buffer();

  /// Room for the next bytes; never empty while next() returned nothing and bad() is false.
  std::pair<char*, size_t> prepare();
  void commit(size_t bytes);
  std::optional<frame> next();
  /// The bytes are no frames: an unknown type, or a length beyond its bound.
  bool bad() const {
    return bad_;
  }

private:
  std::vector<char> bytes_;
  size_t begin_ = 0;
  size_t end_ = 0;
  bool bad_ = false;
};

struct ping {
  uint64_t sequence = 0;
  std::vector<std::string> sees; ///< hosts
};

constexpr size_t sees_max = 1024;

std::string encode_ping(const ping& value);
std::optional<ping> decode_ping(std::string_view payload);
std::string encode_pong(uint64_t sequence);
std::optional<uint64_t> decode_pong(std::string_view payload);

/// A reason as it may stand in a log: cut, control characters replaced.
std::string clean_reason(std::string_view text);

} // namespace runtime::mesh
