// Which type a message has, as a number that is compared in a nanosecond, and that type's name for people.
#pragma once

#include <caf/all.hpp>

#include <cstdint>
#include <string>

namespace runtime::telemetry {

/// 0: an empty message. CAF's numbered types are their number, all others the address of their type_info.
using message_key = uintptr_t;

inline message_key key_of(const caf::type_erased_tuple& content) noexcept {
  if (content.empty())
    return 0;
  auto type = content.type(0);
  return type.first != 0 ? type.first : reinterpret_cast<uintptr_t>(type.second);
}

/// "store.CommitRequest", "directory.role_up", "exit": the last namespace and the name.
std::string message_name(message_key key);

/// The same from a full C++ name; pure.
std::string short_type_name(std::string full);

} // namespace runtime::telemetry
