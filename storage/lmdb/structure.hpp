// Whether an LMDB data file holds together: LMDB's own pages have no checksums, and a wrong one would be followed to a wrong place.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace storage::lmdb {

struct structure_report {
  uint64_t pages = 0;      // in use
  uint64_t free_pages = 0; // that the file says may be used again
  std::vector<std::string> databases; // their names, in order: whether they are the right ones only their owner knows
};

// Reads the pages that the newest commit reaches, values that are longer than a page but for their first one excepted, and compares: kind and
// number of each page, the order of keys, the counts, that no page is used twice or is free as well, that both meta pages are as
// LMDB leaves them. With read(2), so that a page that the disk cannot read is an error too. Throws error: corrupt, naming file,
// page and offset, or io. Nobody may have the file open for writing.
structure_report check_structure(const std::filesystem::path& file);

} // namespace storage::lmdb
