// Resources.
#include "actors/scheduler/plugins/noderesources/noderesources.hpp"

namespace actors::scheduler::plugins::noderesources {

namespace {

int64_t free_share(int64_t requested, int64_t allocatable) {
  return allocatable == 0 || requested > allocatable ? 0 : (allocatable - requested) * score_max / allocatable;
}

} // namespace

std::vector<std::string> filter(const pod_info& pod, const node_info& node) {
  std::vector<std::string> reasons;
  if (node.pods + 1 > node.pods_max)
    reasons.emplace_back("Too many pods");
  const auto& wanted = pod.requests;
  if (wanted.milli_cpu > 0 && wanted.milli_cpu > node.allocatable.milli_cpu - node.requested.milli_cpu)
    reasons.emplace_back("Insufficient cpu");
  if (wanted.memory > 0 && wanted.memory > node.allocatable.memory - node.requested.memory)
    reasons.emplace_back("Insufficient memory");
  if (wanted.ephemeral_storage > 0 &&
      wanted.ephemeral_storage > node.allocatable.ephemeral_storage - node.requested.ephemeral_storage)
    reasons.emplace_back("Insufficient ephemeral-storage");
  const auto amount = [](const cache::resources& from, const std::string& name) {
    const auto found = from.scalars.find(name);
    return found == from.scalars.end() ? 0 : found->second;
  };
  for (const auto& [name, value] : wanted.scalars)
    if (value > 0 && value > amount(node.allocatable, name) - amount(node.requested, name))
      reasons.push_back("Insufficient " + name);
  return reasons;
}

int64_t score_least_allocated(const pod_info& pod, const node_info& node) {
  const auto& own = pod.nonzero_requests;
  const auto& there = node.nonzero_requested;
  return (free_share(there.milli_cpu + own.milli_cpu, node.allocatable.milli_cpu) +
          free_share(there.memory + own.memory, node.allocatable.memory)) / 2;
}

} // namespace actors::scheduler::plugins::noderesources
