// Numbers and ranks.
#include "actors/controllers/replicaset/decide_replicas.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <tuple>

#include "actors/client/label_selector.hpp"

namespace actors::controllers::replicaset {

namespace {

using framework::Pod;
using framework::text;

std::string_view node_of(const Pod& pod) {
  return pod.spec() == nullptr ? std::string_view{} : text(pod.spec()->nodeName());
}

int phase_rank(const Pod& pod) {
  const auto phase = framework::phase_of(pod);
  return phase == "Pending" ? 0 : phase == "Unknown" ? 1 : 2;
}

int64_t deletion_cost(const Pod& pod) {
  const auto* value = client::label_value(pod.metadata()->annotations(), "controller.kubernetes.io/pod-deletion-cost");
  int64_t cost = 0;
  if (value != nullptr)
    std::from_chars(value->c_str(), value->c_str() + value->size(), cost);
  return cost;
}

/// Ages are compared on a logarithmic scale, so that pods started together are chosen among by chance, not by order.
int log_age(int64_t since, int64_t now) {
  int result = 0;
  for (int64_t age = std::max<int64_t>(now - since, 0); age > 0; age >>= 1)
    ++result;
  return result;
}

} // namespace

std::vector<owned_pod> rank_for_removal(std::vector<owned_pod> active, const std::vector<owned_pod>& related,
                                        int64_t now_seconds) {
  std::map<std::string_view, int> crowd;
  for (const auto& item : related)
    if (framework::is_active(*item.pod))
      ++crowd[node_of(*item.pod)];
  const auto rank = [&](const owned_pod& item) {
    const Pod& pod = *item.pod;
    const auto node = node_of(pod);
    const auto ready = framework::ready_since(pod);
    return std::make_tuple(node.empty() ? 0 : 1, phase_rank(pod), ready ? 1 : 0, deletion_cost(pod), -crowd[node],
                           ready ? log_age(*ready, now_seconds) : 0, -framework::restarts_max(pod),
                           log_age(item.created, now_seconds));
  };
  std::vector<std::pair<decltype(rank(active.front())), size_t>> order;
  for (size_t i = 0; i < active.size(); ++i)
    order.emplace_back(rank(active[i]), i);
  std::sort(order.begin(), order.end(), [&](const auto& left, const auto& right) {
    return left.first != right.first ? left.first < right.first : active[left.second].key < active[right.second].key;
  });
  std::vector<owned_pod> result;
  for (const auto& [unused, index] : order)
    result.push_back(active[index]);
  return result;
}

replica_decision decide_replicas(int32_t wanted, const std::vector<owned_pod>& active,
                                 const std::vector<owned_pod>& related, int64_t now_seconds) {
  replica_decision result;
  const auto present = static_cast<int32_t>(active.size());
  if (present < wanted) {
    result.create = std::min(wanted - present, burst_max);
  } else if (present > wanted) {
    const auto ranked = rank_for_removal(active, related, now_seconds);
    const int32_t surplus = std::min(present - wanted, burst_max);
    for (int32_t i = 0; i < surplus; ++i)
      result.remove.push_back(ranked[static_cast<size_t>(i)].key);
  }
  return result;
}

} // namespace actors::controllers::replicaset
