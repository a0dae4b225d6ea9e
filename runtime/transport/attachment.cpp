// The wire form of an API object.
#include "runtime/transport/attachment.hpp"

#include "messages/codec/schema.hpp"

#include <cstring>

namespace runtime::transport {

namespace {
constexpr size_t alignment = 8;
constexpr size_t name_size_max = 512;

size_t padded(size_t size) {
  return (size + alignment - 1) / alignment * alignment;
}
} // namespace

void append_wire(const attachment& value, std::string& out) {
  const std::string& name = value.type->full_name();
  const size_t start = out.size();
  const auto length = static_cast<uint16_t>(name.size());
  out.push_back(static_cast<char>(length & 0xff));
  out.push_back(static_cast<char>(length >> 8));
  out += name;
  out.resize(start + padded(out.size() - start));
  out.append(reinterpret_cast<const char*>(value.object.data()), value.object.size());
}

std::optional<attachment> attachment_from_wire(std::shared_ptr<const std::string> owner, size_t offset, size_t size,
                                               bool verify) {
  if (size < 2 || offset > owner->size() || size > owner->size() - offset)
    return std::nullopt;
  const auto* bytes = reinterpret_cast<const uint8_t*>(owner->data()) + offset;
  const size_t length = bytes[0] | static_cast<size_t>(bytes[1]) << 8;
  const size_t header = padded(2 + length);
  if (length > name_size_max || header > size)
    return std::nullopt;
  const auto* type = messages::codec::api_schema().find_table({reinterpret_cast<const char*>(bytes) + 2, length});
  if (type == nullptr)
    return std::nullopt;
  const uint8_t* data = bytes + header;
  messages::codec::object_buffer object{std::shared_ptr<const void>{owner, owner.get()}, data, size - header};
  if (verify && !messages::codec::verify(*type, object))
    return std::nullopt;
  return attachment{type, std::move(object)};
}

} // namespace runtime::transport
