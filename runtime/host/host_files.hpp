// What a host's keeper keeps on its disk, and looks for there. A simulated host has it in memory.
#pragma once

#include "runtime/host/placement_file.hpp"

#include <memory>

namespace runtime::host {

class host_files {
public:
  virtual ~host_files() = default;

  /// Whether a placement was ever in force on this host.
  virtual bool has_placement() const = 0;
  /// Durable when it returns. Throws std::runtime_error.
  virtual void save_placement(const kept_placement& placement) = 0;
  /// The same, of the file that the operator gave.
  virtual void save_given_placement(const std::string& text) = 0;
  /// Whether this host has a shard, a copy of one, or a former one that was not set aside yet.
  virtual bool has_shard(const std::string& shard) const = 0;
};

/// Those of a data folder.
std::shared_ptr<host_files> files_in(const std::filesystem::path& data);

} // namespace runtime::host
