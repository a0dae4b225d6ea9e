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
/// Its user looks again and again; what is wrong is added to the world's violations.
class fence_guard {
public:
  void look(world& of);

private:
  std::map<std::string, int64_t> granted_; ///< by role: the highest epoch that an instance has had
  uint64_t tried_ = 0;
};

} // namespace actors::host::simulation
