// The simulated hosts' folders of store shards: which host has one, and which of a shard's folders has its data. Belongs to the
// cluster; not thread-safe.
#pragma once

#include "actors/store/simulation/simulated_disk.hpp"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace actors::host::simulation {

using store::simulated_disk;

class shard_folders {
public:
  using folder = std::shared_ptr<simulated_disk>;
  struct entry {
    std::string shard, host;
    folder disk;
  };

  /// An empty folder. `as_copy`: its shard is on another host.
  folder make(const std::string& shard, const std::string& host, bool as_copy);
  /// Null: there is none.
  folder find(const std::string& shard, const std::string& host) const;
  /// By shard, then by host.
  std::vector<entry> all() const;

  /// The one that serves; while data is on its way, the one that was the last to serve.
  folder holder_of(const std::string& shard) const;
  const std::string& host_of(const std::string& shard) const;
  std::map<std::string, folder> holders() const;

  void lose_power(const std::string& host);
  /// As a real host does when the placement no longer has the shard there.
  void take_back(const std::string& shard, const std::string& host);

  /// What was seen of a shard that two hosts served.
  const std::vector<std::string>& served_twice() const {
    return served_twice_;
  }
  /// Looks at all of them, as is done whenever a copy becomes the shard.
  void look();
  /// Of all folders that there ever were.
  uint64_t commits() const;

private:
  using folder_map = std::map<std::pair<std::string, std::string>, folder>; // by shard and host
  folder_map::const_iterator find_holder(const std::string& shard) const;

  folder_map folders_;
  std::vector<folder> former_;
  std::vector<std::string> served_twice_;
};

} // namespace actors::host::simulation
