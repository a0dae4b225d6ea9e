// Tries, while everything goes on, what a former owner of a role might still try: a write with an epoch that is over.
#pragma once

#include "actors/host/simulation/world.hpp"

#include <span>

namespace actors::host::simulation {

/// What a former owner writes so that it comes to a certain shard, since each shard refuses for itself.
struct shard_probe {
  const char* shard;
  const client::resource* what;
  client::draft (*content)();
};
std::span<const shard_probe> shard_probes();

/// An instance that has been granted an epoch may rely on it: from then on nobody writes with an older one, through whichever apiserver.
/// A shard on another host than the one that has the Roles may be cut off from it then; it refuses as soon as it is told, which is
/// before the new owner writes there (and it does nothing before it has seen what was written there). Its user looks again and
/// again; what is wrong is added to the world's violations.
class fence_guard {
public:
  void look(world& of);

private:
  static bool must_refuse(world& of, const std::string& shard, const std::string& role, int64_t epoch);

  std::map<std::string, int64_t> granted_; ///< by role: the highest epoch that an instance has had
  uint64_t tried_ = 0;
};

} // namespace actors::host::simulation
