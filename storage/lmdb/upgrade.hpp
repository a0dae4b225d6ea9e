// Brings a store folder of an older format version to this program's, and refuses what it cannot read.
#pragma once

#include <lmdb.h>

namespace storage::lmdb {

// Within a write transaction of an environment that was just opened. `meta` is the meta database. An empty
// one becomes a new store of the present version, or with `as_copy` a copy of one that is elsewhere; an older one is
// upgraded. Throws error: format.
void prepare_format(MDB_txn* txn, MDB_dbi meta, bool as_copy);

} // namespace storage::lmdb
