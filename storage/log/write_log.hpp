// A log of batches in two files: one is in use while what is in the other becomes durable elsewhere. One thread at a time.
#pragma once

#include "storage/log/files.hpp"
#include "storage/log/recovery.hpp"

namespace storage::log {

struct sizes {
  size_t file_bytes = 512u << 10;     // of each file to begin with
  size_t file_bytes_max = 16u << 20;  // they grow to this when the other one is not free yet
};

class write_log {
public:
  // Two empty files in place of what is there, durable when it returns.
  static void make(files&, const identity&, const sizes&);

  // What is there, of which everything up to `applied` is durable elsewhere. Throws error: corrupt (FORMAT.md, "The log"), io.
  write_log(std::shared_ptr<files>, const identity&, const sizes&, revision applied);

  // What it found above `applied`; durable. Once.
  std::vector<std::shared_ptr<batch>> take_recovered() { return std::move(recovered_); }

  // Whether a batch of so many bytes fits into a file at all.
  bool fits(size_t bytes) const;
  // Makes room for one of so many bytes, which fits. False: more has to be applied first. Throws error: disk_full, io.
  bool make_room(size_t bytes, revision applied);
  // Durable when it returns. There is room. Throws error: disk_full (nothing of it counts), io (the outcome is unknown).
  void append(batch&);

private:
  void grow(unsigned number, uint64_t needed);
  void seal();

  std::shared_ptr<files> files_;
  identity store_;
  sizes sizes_;
  std::array<std::unique_ptr<file>, 2> file_;
  std::array<uint64_t, 2> size_{};
  std::vector<std::shared_ptr<batch>> recovered_;
  unsigned in_use_ = 0;
  uint64_t generation_ = 1;
  uint64_t at_ = records_begin; // of the next record
  revision last_ = 0;           // newest that was appended to the file in use
  revision other_last_ = 0;     // newest that may be in the other one
};

} // namespace storage::log
