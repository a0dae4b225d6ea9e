// The engine of the simulation and of tests: everything in memory, with explicit loss of what was not synced.
#pragma once

#include "storage/engine.hpp"

#include <functional>
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

  // Every change that is left after `after`, in order, without a copy: for those who look at all of it. An erased key's value is the last
  // one. `visit` must not call the engine.
  using visitor = std::function<void(revision rev, change_kind kind, const std::string& key, const std::string& value)>;
  virtual void each_change(revision after, const visitor& visit) = 0;
};

std::unique_ptr<memory_engine> open(options = {});

} // namespace storage::memory
