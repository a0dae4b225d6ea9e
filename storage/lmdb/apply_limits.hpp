// When the log's writes go on to LMDB, and how many may wait. A value that each engine has.
#pragma once

#include <chrono>
#include <cstddef>

namespace storage::lmdb {

struct apply_limits {
  // It begins when so much is pending, or so long after the first of it.
  size_t writes_due = 1'024;
  size_t bytes_due = 1u << 20;
  std::chrono::milliseconds after{1'000};
  // Of one transaction; a batch that is larger goes alone. LMDB keeps the memory of the largest one.
  size_t writes_max = 1'024;
  size_t bytes_max = 2u << 20;
  // With so much pending, commits wait until some of it is in LMDB.
  size_t pending_writes_max = 65'536;
  size_t pending_bytes_max = 24u << 20;
};

} // namespace storage::lmdb
