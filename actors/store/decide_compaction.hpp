// Up to which revision history may be forgotten. Pure.
#pragma once

#include "actors/store/limits.hpp"
#include "storage/engine.hpp"

#include <algorithm>

namespace actors::store {

// `aged`: the newest revision that is older than the window of time. The count bounds the history when the
// wall clock was set back and nothing ages.
inline storage::revision decide_compaction(storage::revision oldest, storage::revision current,
                                           storage::revision aged, const limits& bounds) {
  return std::max({oldest, aged, current - bounds.history_changes_max});
}

} // namespace actors::store
