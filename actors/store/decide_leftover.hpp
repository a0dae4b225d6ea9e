// What becomes of a shard's folder when the placement no longer has the shard on this host: pure, of the folder's own record.
#pragma once

#include "storage/engine.hpp"

namespace actors::store {

enum class leftover : uint8_t {
  set_aside, ///< former data, so that it is never taken for the shard
  remove,    ///< a copy that was given up
  stay,      ///< data that serves, or a copy that has asked for the data and may have been given it
};

inline leftover decide_leftover(storage::owner_state state) {
  switch (state) {
    case storage::owner_state::handed_over:
      return leftover::set_aside;
    case storage::owner_state::following:
      return leftover::remove;
    case storage::owner_state::serving:
    case storage::owner_state::asking:
      return leftover::stay;
  }
  return leftover::stay;
}

} // namespace actors::store
