// An API object on its way between actors: immutable bytes and the table they are an instance of. Within a
// process the bytes are shared; on the wire and on disk they are preceded by the table's name.
#pragma once

#include "messages/codec/object.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace messages::codec {
class type;
}

namespace runtime::transport {

struct attachment {
  const messages::codec::type* type = nullptr;
  messages::codec::object_buffer object;
  explicit operator bool() const { return type != nullptr; }
};

/// u16 length of the table's full name, the name, zeroes up to a multiple of 8 bytes, the FlatBuffer.
void append_wire(const attachment& value, std::string& out);

/// The reverse, without copying: the result shares `owner`'s bytes [offset, offset + size). nullopt: no such
/// form, a table that the schema lacks, or (with `verify`) bytes that are no such table.
std::optional<attachment> attachment_from_wire(std::shared_ptr<const std::string> owner, size_t offset, size_t size,
                                               bool verify);

/// The same of what was verified before, as a copy that keeps nothing else in memory: one allocation, of little more than the object.
std::optional<attachment> attachment_of_stored(std::string_view wire);

} // namespace runtime::transport
