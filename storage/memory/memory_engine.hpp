// The engine of the simulation and of tests: everything in memory, with explicit loss of what was not synced.
#pragma once

#include "storage/engine.hpp"

#include <memory>
#include <optional>

namespace storage::memory {

struct options {
  bool sync_each_commit = true; // false: a commit is lost by lose_unsynced() until sync() was called
  bool as_copy = false; // of a shard that is elsewhere; what belongs to moving is synced at once
};

class memory_engine : public engine {
public:
  virtual void sync() = 0;                       // what was committed so far survives lose_unsynced()
  virtual void lose_unsynced() = 0;              // as a power cut would: back to the last sync()
  virtual void fail_next_commit(error what) = 0; // the next commit() throws this and changes nothing
};

std::unique_ptr<memory_engine> open(options = {});

} // namespace storage::memory
