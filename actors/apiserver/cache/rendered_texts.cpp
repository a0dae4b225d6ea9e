#include "actors/apiserver/cache/rendered_texts.hpp"

#include <vector>

#include "actors/apiserver/cache/cached_object.hpp"

namespace actors::apiserver::cache {

rendered_texts& rendered() {
  static auto& texts = *new rendered_texts; // objects may end after what ends with main()
  return texts;
}

rendered_texts::part& rendered_texts::part_of(const cached_object& object) {
  return parts_[(reinterpret_cast<uintptr_t>(&object) >> 6) * 0x9e3779b97f4a7c15ull >> 60];
}

rendered_texts::text rendered_texts::find(const cached_object& object) {
  auto& part = part_of(object);
  std::lock_guard lock{part.mutex};
  const auto found = part.texts.find(&object);
  if (found == part.texts.end())
    return nullptr;
  found->second.used_us = now_us_.load(std::memory_order_relaxed);
  return found->second.value;
}

rendered_texts::text rendered_texts::admit(const cached_object& object, text rendered) {
  const size_t size = rendered->size();
  if (bytes_.fetch_add(size) + size > bytes_max) {
    bytes_ -= size;
    return rendered;
  }
  auto& part = part_of(object);
  std::lock_guard lock{part.mutex};
  const auto [at, added] = part.texts.try_emplace(&object, entry{std::move(rendered), now_us_.load(std::memory_order_relaxed)});
  if (!added)
    bytes_ -= size;
  object.has_text_.store(true, std::memory_order_release);
  return at->second.value;
}

void rendered_texts::forget(const cached_object& object) {
  text value; // ends without the lock
  auto& part = part_of(object);
  std::lock_guard lock{part.mutex};
  const auto found = part.texts.find(&object);
  if (found == part.texts.end())
    return;
  value = std::move(found->second.value);
  bytes_ -= value->size();
  part.texts.erase(found);
}

void rendered_texts::age(int64_t now_us) {
  now_us_.store(now_us, std::memory_order_relaxed);
  const int64_t old_us = now_us - std::chrono::microseconds{idle_max}.count();
  auto& part = parts_[next_++ % parts];
  std::vector<text> idle; // end without the lock
  std::lock_guard lock{part.mutex};
  for (auto at = part.texts.begin(); at != part.texts.end();) {
    if (at->second.used_us > old_us) {
      ++at;
      continue;
    }
    bytes_ -= at->second.value->size();
    idle.push_back(std::move(at->second.value));
    const auto* object = at->first;
    at = part.texts.erase(at);
    object->has_text_.store(false, std::memory_order_release); // the last touch: its destructor may have waited for the lock
  }
  if (part.texts.empty())
    part.texts = {}; // its table too
}

} // namespace actors::apiserver::cache
