// Opens the LMDB engine: one environment (one folder) per shard, layout in storage/FORMAT.md.
#pragma once

#include "storage/engine.hpp"
#include "storage/lmdb/apply_limits.hpp"
#include "storage/log/write_log.hpp"

#include <filesystem>
#include <memory>

namespace storage::lmdb {

struct log_options {
  log::sizes sizes;
  apply_limits apply;
  bool apply_on_close = true;       // else what is pending is found in the log when the store is opened again
  std::shared_ptr<log::files> files; // in the folder when there are none given
};

struct options {
  std::filesystem::path folder;           // made when it does not exist, mode 0700
  size_t map_bytes = size_t{16} << 30;    // address space to begin with, doubled when it is full
  size_t map_bytes_max = size_t{1} << 40; // no growth above this: error disk_full
  bool check_values = false; // read all that is current, and refuse to open when some of it is damaged
  bool as_copy = false; // a folder that is made now is a copy of a shard that is elsewhere; one that is there stays what it is
  log_options log;
};

// Throws error: locked (the folder is in use), format (foreign or newer file), corrupt, io, disk_full.
std::unique_ptr<engine> open(const options&);

// Whether the folder holds a store, whatever its state.
bool exists(const std::filesystem::path& folder);

} // namespace storage::lmdb
