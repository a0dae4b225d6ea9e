// Where a pod goes: filters, then scores. Pure but for the random number that breaks ties.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "actors/scheduler/plugins/plugin.hpp"

namespace actors::scheduler {

struct node_decision {
  std::string node;                      // "": none fits
  size_t nodes = 0;                      // that were considered
  std::map<std::string, size_t> reasons; // why not, with the number of nodes

  /// The message of FailedScheduling: "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable."
  std::string message() const;
};

/// `below(n)`: a number in [0, n).
node_decision decide_node(const cache::pod_info& pod, const cache::cluster_cache& cluster,
                          const std::vector<plugins::plugin>& plugins, const std::function<uint64_t(uint64_t)>& below);

} // namespace actors::scheduler
