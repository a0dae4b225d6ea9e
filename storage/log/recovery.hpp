// What the log's two files say after a restart: the batches that are not durable anywhere else, and where to go on. A pure function.
#pragma once

#include "storage/log/batch.hpp"

namespace storage::log {

struct file_content {
  std::string name; // for people
  std::string_view bytes;
};

struct recovered {
  std::vector<std::shared_ptr<batch>> batches; // above `applied`, in order and without gaps
  std::array<uint64_t, 2> sizes{};             // up to here a file is whole
  unsigned number = 0;                         // of the file in use
  uint64_t generation = 1;
  uint64_t newest_begin = 0; // its newest record, 0: it has none
  uint64_t end = records_begin;
  revision last = 0;       // newest revision in it, 0: none
  revision other_last = 0; // no revision in the other file is newer
};

// A record that was never acknowledged, because its sync did not return, is left out; one that was and is damaged is an error.
// Throws error: corrupt, naming file and offset.
recovered recover(const identity&, const std::array<file_content, 2>&, revision applied);

} // namespace storage::log
