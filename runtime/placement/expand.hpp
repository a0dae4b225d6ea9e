// From one entry of the placement file to the actors that it stands for, and what must hold among all of them.
#pragma once

#include "runtime/placement/placement.hpp"

#include <optional>
#include <string>
#include <vector>

namespace runtime::placement {

/// One entry of `roles:`, its settings checked.
struct role_entry {
  const role_spec* spec = nullptr;
  std::string host;               ///< the first of them
  std::vector<std::string> hosts; ///< of a singleton
  std::string log_level;
  role_settings settings;
  role_supervision supervision = {};
  int line = 0;
  int column = 0;
};

/// The actors of one entry. `settings.shards` and `settings.hollow` multiply it; each hollow kubelet gets its own
/// `node` and `hollowIndex`.
std::vector<role_instance> expand(const role_entry& entry);

/// One entry of `overrides:`.
struct override_entry {
  std::string role;
  std::vector<std::string> hosts;
  int64_t since = 0;
  int line = 0;
  int column = 0;
};

/// Singletons get other hosts; an instance that is named after its host (apiserver/host-b) gets another host and with it
/// another id, and its addresses on the former host's IP become those of the new one.
std::vector<problem> apply_overrides(const std::vector<override_entry>& overrides, const std::vector<host_entry>& hosts,
                                     std::span<const role_spec> known, std::vector<role_instance>& roles);

/// Rules among entries: nothing placed twice, what is required is placed, addresses and node networks differ.
std::vector<problem> check_together(const std::vector<role_entry>& entries, const cluster_settings& cluster,
                                    std::span<const role_spec> known, const problem& at_roles);

} // namespace runtime::placement
