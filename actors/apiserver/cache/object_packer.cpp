#include "actors/apiserver/cache/object_packer.hpp"

namespace actors::apiserver::cache {

/// While there is plenty of room for examples, more is learned.
bool object_packer::fits(const packer& used, size_t size) const {
  return packed_.size() * (used.alike.has_room() ? 3 : 2) <= size;
}

object_ptr object_packer::pack(const object_ptr& object) {
  if (!object || object->packed() || object->size() < object_bytes_min || object->size() > object_bytes_max)
    return object;
  auto& used = packers_[&object->what()];
  const auto buffer = object->bytes();
  const auto bytes = buffer.bytes();
  used.alike.pack(bytes, packed_);
  if (fits(used, bytes.size())) {
    used.misfits -= used.misfits > 0;
  } else if (used.alike.learn(bytes)) {
    used.alike.pack(bytes, packed_);
  } else if (++used.misfits > misfits_max) {
    used = {};
    used.alike.learn(bytes);
    used.alike.pack(bytes, packed_);
  }
  if (packed_.size() > bytes.size() / 4 * 3)
    return object;
  static_assert(object_bytes_max / 4 * 3 <= cached_object::packed_bytes_max);
  return cached_object::make_packed(object->what(), used.alike.used(), packed_, bytes.size(), object->revision());
}

} // namespace actors::apiserver::cache
