// The two files of a log: the seam between it and the disk.
#pragma once

#include "storage/log/content.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace storage::log {

class file {
public:
  virtual ~file() = default;
  virtual uint64_t size() = 0;
  virtual content read() = 0; // all of it
  // Makes the file longer when it goes past its end. Throws error: disk_full (some of it may be written), io.
  virtual void write(uint64_t offset, std::string_view bytes) = 0;
  // What was written is durable when it returns. Throws error: io.
  virtual void sync() = 0;
};

class files {
public:
  virtual ~files() = default;
  // Nothing when there is none. Throw error: io, disk_full.
  virtual std::unique_ptr<file> open(unsigned number) = 0;
  // An empty one, in place of what is there.
  virtual std::unique_ptr<file> make(unsigned number) = 0;
  // Which files there are is durable when it returns.
  virtual void sync_names() = 0;
  virtual std::string name(unsigned number) const = 0; // for people
};

} // namespace storage::log
