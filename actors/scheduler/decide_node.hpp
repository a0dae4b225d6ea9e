// Where a pod goes: filters, then scores. Pure but for the random number that breaks ties.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "actors/scheduler/plugins/plugin.hpp"

namespace actors::scheduler {

/// So many nodes that fit are scored and no more, so that a pod costs the same in a large cluster; where the search begins
/// goes round. (Upstream samples above 100 nodes too.)
constexpr size_t nodes_scored_max = 100;

struct node_decision {
  std::string node;                      // "": none fits
  std::string last_asked;                // where the search ended, for the next one to begin behind it; "": all were asked
  size_t nodes = 0;                      // that there are
  std::map<std::string, size_t> reasons; // why not, with the number of nodes
  std::string conflict;                  // why no node can do, whatever it is like; "": the reasons say it

  // What upstream's preemption would find, as the message tells it; we have no preemption.
  bool may_preempt = true;     // the pod's preemptionPolicy
  size_t without_victims = 0;  // nodes where other pods are in the way, none of them of lower priority
  bool has_victims = false;    // some node has pods of lower priority in the way

  /// The message of FailedScheduling: "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable. no new
  /// claims to deallocate, preemption: 0/3 nodes are available: 1 No preemption victims found for incoming pod, 2 Preemption
  /// is not helpful for scheduling."
  std::string message() const;
};

/// `below(n)`: a number in [0, n). `after`: the node behind which the search begins.
node_decision decide_node(const cache::pod_info& pod, const cache::cluster_cache& cluster,
                          const std::vector<plugins::plugin>& plugins, const std::function<uint64_t(uint64_t)>& below,
                          const std::string& after = "");

} // namespace actors::scheduler
