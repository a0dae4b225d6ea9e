// Where in a document the codec is: frames on the stack that are only spelled out for an error.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace messages::codec {

struct path_frame {
  const path_frame* parent = nullptr;
  std::string_view name;
  size_t index = 0;
  enum { root, member, item, map_key } kind = root;
  size_t depth = 0;

  path_frame() = default;
  path_frame(const path_frame& up, std::string_view key) : parent(&up), name(key), kind(member), depth(up.depth + 1) {}
  static path_frame key_of_map(const path_frame& up, std::string_view key) {
    path_frame out(up, key);
    out.kind = map_key;
    return out;
  }
  path_frame(const path_frame& up, size_t at) : parent(&up), index(at), kind(item), depth(up.depth + 1) {}

  /// spec.containers[0].image
  std::string text() const {
    std::string out;
    append(out, true);
    return out;
  }

  /// spec.containers.image: the struct fields only, as Go's messages have it.
  std::string fields_text() const {
    std::string out;
    append(out, false);
    return out;
  }

private:
  void append(std::string& out, bool all) const {
    if (parent)
      parent->append(out, all);
    if (kind == member || (kind == map_key && all)) {
      if (!out.empty())
        out += '.';
      out += name;
    } else if (kind == item && all) {
      out += '[' + std::to_string(index) + ']';
    }
  }
};

} // namespace messages::codec
