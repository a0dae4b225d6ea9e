// What becomes of a write, given the key's present state: the compare-and-swap rule that all engines share.
#pragma once

#include "storage/engine.hpp"

namespace storage {

// The newest state of a key. modified = 0: it does not exist.
struct key_state {
  revision created = 0;
  revision modified = 0;
};

// Whether the write is well-formed: done, too_large or failed.
write_status check_write(const write& w);

// The outcome of a well-formed write. `rev` is filled for a conflict only.
write_result decide_write(const write& w, const key_state& now);

} // namespace storage
