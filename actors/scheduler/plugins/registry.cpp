// The plugins, as data.
#include "actors/scheduler/plugins/nodeaffinity/nodeaffinity.hpp"
#include "actors/scheduler/plugins/nodeports/nodeports.hpp"
#include "actors/scheduler/plugins/noderesources/noderesources.hpp"
#include "actors/scheduler/plugins/nodeunschedulable/nodeunschedulable.hpp"
#include "actors/scheduler/plugins/plugin.hpp"
#include "actors/scheduler/plugins/tainttoleration/tainttoleration.hpp"

namespace actors::scheduler::plugins {

const std::vector<plugin>& registry() {
  static const std::vector<plugin> plugins = {
    {.name = "NodeUnschedulable", .filter = nodeunschedulable::filter},
    {.name = "TaintToleration", .filter = tainttoleration::filter, .score = tainttoleration::score, .normalize = true,
     .reversed = true, .weight = 3},
    {.name = "NodeAffinity", .only = nodeaffinity::only, .conflict = "pod affinity terms conflict",
     .filter = nodeaffinity::filter, .score = nodeaffinity::score, .normalize = true, .weight = 2},
    {.name = "NodePorts", .filter = nodeports::filter},
    {.name = "NodeResourcesFit", .filter = noderesources::filter, .score = noderesources::score_least_allocated},
  };
  return plugins;
}

} // namespace actors::scheduler::plugins
