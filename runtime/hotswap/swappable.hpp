// What can be replaced while its actor goes on: a controller, the scheduler's decisions. The actor, its handle, mailbox,
// caches and queue stay; the object is exchanged between two messages.
#pragma once

#include <string>
#include <string_view>

namespace runtime::hotswap {

class swappable {
public:
  virtual ~swappable() = default;

  /// What this version knows and its successor could not read again from the API. Any bytes; begin them with a version
  /// of your own, since another version will read them.
  virtual std::string export_state() const {
    return {};
  }
  /// Takes the predecessor's state. False: this version cannot go on from it, and the swap is refused.
  virtual bool import_state(std::string_view state) {
    return state.empty();
  }
};

} // namespace runtime::hotswap
