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

// -- moving (FORMAT.md, "Who has the data")

// Whether an engine in this state may be written to, copied from by `copy`, or added to. Throw error: moved.
void require_serving(const owner_record& owner);
void require_copy(const owner_record& owner);

// The record after handing over to `copy` on `host`; the same one when that was done already. Throws error: moved.
owner_record decide_hand_over(const owner_record& owner, std::string_view copy, std::string_view host, revision current);

// The record of a copy that begins, or begins anew. Throws error: moved.
owner_record decide_copy(const owner_record& owner, std::string_view copy, std::string_view host);

// Whether the page follows `current` of a copy whose history begins at `oldest`. Throws error: corrupt.
void check_page(const copy_page& page, revision current, revision oldest);

// Whether the write fits the key's present state in the copy. Throws error: corrupt.
void check_fits(const copied_write& w, const key_state& now, revision oldest);

} // namespace storage
