// What of a file that is mapped into this process stays in its memory.
#pragma once

#include <cstddef>

namespace storage::lmdb {

// The pages of every shared mapping of the file leave the process' memory. They are read again from the kernel's cache, or the disk, when
// they are used; nothing is lost, since nobody writes through such a mapping (LMDB without MDB_WRITEMAP). Returns how many bytes are
// mapped: 0, when there is nothing to do or the system does not say.
size_t drop_resident(int file);

} // namespace storage::lmdb
