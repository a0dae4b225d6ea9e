// What becomes of a write, given the key's present state: the compare-and-swap rule that all engines share.
#pragma once

#include "storage/engine.hpp"

#include <functional>

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

// How many of `writes`, at least the first, are all or nothing together.
std::size_t group_size(std::span<const write> writes);

// The outcomes of one group, before any of it is applied: all done, or none is. `now` gives a key's present state.
std::vector<write_result> decide_group(std::span<const write> group,
                                       const std::function<key_state(std::string_view)>& now);

} // namespace storage
