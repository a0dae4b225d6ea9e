// Filtering and scoring.
#include "actors/scheduler/decide_node.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace actors::scheduler {

namespace {

using cache::node_info;
using cache::pod_info;
using plugins::plugin;
using plugins::score_max;

std::vector<int64_t> total_scores(const pod_info& pod, const std::vector<const node_info*>& fitting,
                                  const std::vector<plugin>& all) {
  std::vector<int64_t> totals(fitting.size(), 0);
  for (const auto& item : all) {
    if (item.score == nullptr)
      continue;
    std::vector<int64_t> scores;
    for (const auto* node : fitting)
      scores.push_back(item.score(pod, *node));
    if (item.normalize) {
      const int64_t highest = *std::max_element(scores.begin(), scores.end());
      for (auto& score : scores) {
        score = highest == 0 ? 0 : score * score_max / highest;
        if (item.reversed)
          score = score_max - score;
      }
    }
    for (size_t i = 0; i < totals.size(); ++i)
      totals[i] += scores[i] * item.weight;
  }
  return totals;
}

} // namespace

std::string node_decision::message() const {
  if (nodes == 0)
    return "no nodes available to schedule pods";
  std::vector<std::string> parts;
  for (const auto& [reason, count] : reasons)
    parts.push_back(fmt::format("{} {}", count, reason));
  std::sort(parts.begin(), parts.end());
  return fmt::format("0/{} nodes are available: {}.", nodes, fmt::join(parts, ", "));
}

node_decision decide_node(const pod_info& pod, const cache::cluster_cache& cluster, const std::vector<plugin>& all,
                          const std::function<uint64_t(uint64_t)>& below) {
  node_decision result;
  std::vector<const node_info*> fitting;
  for (const auto& [name, node] : cluster.nodes()) {
    if (!node.known())
      continue;
    ++result.nodes;
    bool fits = true;
    for (const auto& item : all) {
      if (item.filter == nullptr)
        continue;
      const auto reasons = item.filter(pod, node);
      for (const auto& reason : reasons)
        ++result.reasons[reason];
      if (!reasons.empty()) {
        fits = false;
        break;
      }
    }
    if (fits)
      fitting.push_back(&node);
  }
  if (fitting.empty())
    return result;
  const auto totals = total_scores(pod, fitting, all);
  const int64_t highest = *std::max_element(totals.begin(), totals.end());
  std::vector<size_t> best;
  for (size_t i = 0; i < totals.size(); ++i)
    if (totals[i] == highest)
      best.push_back(i);
  result.node = fitting[best[below(best.size())]]->name;
  return result;
}

} // namespace actors::scheduler
