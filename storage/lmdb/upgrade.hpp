// Brings a store folder of an older format version to this program's, and refuses what it cannot read.
#pragma once

#include "storage/log/frame.hpp"

#include <lmdb.h>
#include <functional>

namespace storage::lmdb {

struct new_store {
  bool as_copy = false; // of one that is elsewhere
  std::function<void(const log::identity&)> make_log; // an empty one, durable when it returns
};

// Within a write transaction of an environment that was just opened. `meta` is the meta database. An empty
// one becomes a new store of the present version; an older one is upgraded. Throws error: format.
void prepare_format(MDB_txn* txn, MDB_dbi meta, const new_store& how);

} // namespace storage::lmdb
