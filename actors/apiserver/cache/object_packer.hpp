// Packs objects of the cache that are seldom read, with a dictionary of examples for each table. One thread.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "actors/apiserver/cache/cached_object.hpp"
#include "actors/apiserver/cache/dictionary.hpp"

namespace actors::apiserver::cache {

class object_packer {
public:
  /// A smaller one takes no less room when it is packed.
  static constexpr size_t object_bytes_min = 128;
  static constexpr size_t object_bytes_max = 32u << 10;
  /// So many more objects that fit badly than such that fit well, and a full dictionary is replaced.
  static constexpr size_t misfits_max = 64;

  /// Null, packed already, or without gain: the same.
  object_ptr pack(const object_ptr& object);

private:
  struct packer {
    dictionary_packer alike;
    size_t misfits = 0;
  };
  bool fits(const packer& used, size_t size) const;

  std::unordered_map<const type*, packer> packers_;
  std::vector<uint8_t> packed_;
};

} // namespace actors::apiserver::cache
