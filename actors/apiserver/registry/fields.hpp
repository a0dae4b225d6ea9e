// Reading and filling members of drafts where null, absent and the empty value mean the same, as they do for
// the API's types.
#pragma once

#include <string_view>

#include "messages/codec/draft.hpp"

namespace actors::apiserver::registry {

using messages::codec::draft;

/// Present and not null.
inline bool has(const draft& object, std::string_view key) {
  auto* member = object.find(key);
  return member && !member->is_null();
}

inline bool has_text(const draft& object, std::string_view key) { return !object.get(key).str().empty(); }

inline void default_to(draft& object, std::string_view key, draft value) {
  if (!has(object, key))
    object.set(key, std::move(value));
}

inline void default_text(draft& object, std::string_view key, std::string_view value) {
  if (!has_text(object, key))
    object.set(key, value);
}

/// 0 counts as left out.
inline void default_number(draft& object, std::string_view key, int64_t value) {
  if (object.get(key).integer() == 0)
    object.set(key, value);
}

/// The member as an object to change, or null when it is absent (never creates it).
inline draft* object_at(draft& object, std::string_view key) {
  auto* member = object.find(key);
  return member && member->is_object() ? member : nullptr;
}

/// Calls change(item) for each object in the list under `key`.
template <class Change>
void for_each_item(draft& object, std::string_view key, Change change) {
  auto* list = object.find(key);
  if (!list || !list->is_array())
    return;
  for (auto& item : list->items())
    if (item.is_object())
      change(item);
}

/// Takes over `key` of `from`, or removes it when `from` has none.
inline void copy_member(draft& to, const draft& from, std::string_view key) {
  if (has(from, key))
    to.set(key, from.get(key));
  else
    to.erase(key);
}

/// The member as an object, made when absent.
inline draft& object_made(draft& object, std::string_view key) {
  auto& member = object[key];
  if (!member.is_object())
    member = draft::make_object();
  return member;
}

} // namespace actors::apiserver::registry
