// The protobuf wire format: reading fields from bytes and writing them. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace actors::apiserver::http::protobuf {

struct wire_field {
  uint32_t number = 0;
  enum class kind : uint8_t { varint, fixed64, bytes, fixed32 } what = kind::varint;
  uint64_t value = 0;     // varint, fixed
  std::string_view bytes; // bytes: a part of the input
};

/// Goes through the fields of one message.
class reader {
public:
  explicit reader(std::string_view bytes) : rest_(bytes) {}
  /// nullopt: at the end, or damaged().
  std::optional<wire_field> next();
  bool damaged() const { return damaged_; }

private:
  std::optional<uint64_t> varint();
  std::string_view rest_;
  bool damaged_ = false;
};

/// Appends fields; members that are empty or zero are left out by the caller.
void append_varint(uint64_t value, std::string& out);
void append_bytes(uint32_t number, std::string_view bytes, std::string& out);
void append_integer(uint32_t number, uint64_t value, std::string& out);

} // namespace actors::apiserver::http::protobuf
