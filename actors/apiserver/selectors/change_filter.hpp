// What a change means to a watcher that sees only some of the objects. Shared by the watches of HTTP clients and of
// other roles. Pure.
#pragma once

#include <optional>
#include <string_view>

#include "actors/apiserver/cache/watch_cache.hpp"
#include "actors/apiserver/selectors/selector.hpp"

namespace actors::apiserver::selectors {

enum class seen_as : uint8_t { added, modified, deleted };

struct seen_change {
  seen_as what = seen_as::added;
  cache::object_ptr object; // deleted: the last state that the watcher saw
  int64_t revision = 0;
};

/// nullopt: the watcher does not notice. `prefix` of keys, with the namespace if any.
inline std::optional<seen_change> filter_change(const cache::change& change, std::string_view prefix,
                                                const object_selector& selector) {
  if (!std::string_view{change.key}.starts_with(prefix))
    return std::nullopt;
  const auto matches = [&](const cache::object_ptr& object) {
    return object != nullptr && (selector.everything() || selector.matches(object->what(), object->bytes()));
  };
  const bool before = matches(change.before);
  const bool after = matches(change.after);
  if (after)
    return seen_change{before ? seen_as::modified : seen_as::added, change.after, change.revision};
  if (before)
    return seen_change{seen_as::deleted, change.before, change.revision};
  return std::nullopt;
}

} // namespace actors::apiserver::selectors
