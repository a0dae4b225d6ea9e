// Resources.
#include "actors/scheduler/plugins/noderesources/noderesources.hpp"

#include <fmt/format.h>
#include <tuple>

namespace actors::scheduler::plugins::noderesources {

namespace {

int64_t free_share(int64_t requested, int64_t allocatable) {
  return requested > allocatable ? 0 : (allocatable - requested) * score_max / allocatable;
}

int64_t amount(const cache::resources& from, const std::string& name) {
  const auto found = from.scalars.find(name);
  return found == from.scalars.end() ? 0 : found->second;
}

} // namespace

refusal filter(const pod_info& pod, const node_info& node) {
  refusal result;
  if (node.pods + 1 > node.pods_max)
    result.reasons.emplace_back("Too many pods");
  const auto check = [&](std::string_view name, int64_t wanted, int64_t allocatable, int64_t requested) {
    if (wanted <= 0 || wanted <= allocatable - requested)
      return;
    result.reasons.push_back(fmt::format("Insufficient {}", name));
    result.final = result.final || wanted > allocatable; // not even on an empty node
  };
  const auto& [wanted, allocatable, requested] = std::tie(pod.requests, node.allocatable, node.requested);
  check("cpu", wanted.milli_cpu, allocatable.milli_cpu, requested.milli_cpu);
  check("memory", wanted.memory, allocatable.memory, requested.memory);
  check("ephemeral-storage", wanted.ephemeral_storage, allocatable.ephemeral_storage, requested.ephemeral_storage);
  for (const auto& [name, value] : wanted.scalars)
    check(name, value, amount(allocatable, name), amount(requested, name));
  return result;
}

int64_t score_least_allocated(const pod_info& pod, const node_info& node) {
  const auto& own = pod.nonzero_requests;
  const auto& there = node.nonzero_requested;
  int64_t sum = 0, counted = 0;
  const auto add = [&](int64_t requested, int64_t allocatable) {
    if (allocatable <= 0)
      return; // what a node does not have says nothing of how full it is
    sum += free_share(requested, allocatable);
    ++counted;
  };
  add(there.milli_cpu + own.milli_cpu, node.allocatable.milli_cpu);
  add(there.memory + own.memory, node.allocatable.memory);
  return counted == 0 ? 0 : sum / counted;
}

} // namespace actors::scheduler::plugins::noderesources
