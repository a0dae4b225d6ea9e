// Filtering and scoring.
#include "actors/scheduler/decide_node.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <set>

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

/// "1 Insufficient cpu, 2 node(s) were unschedulable": sorted as texts, as upstream's.
std::string histogram(const std::map<std::string, size_t>& reasons) {
  std::vector<std::string> parts;
  for (const auto& [reason, count] : reasons)
    if (count > 0)
      parts.push_back(fmt::format("{} {}", count, reason));
  std::sort(parts.begin(), parts.end());
  return fmt::format("{}", fmt::join(parts, ", "));
}

struct candidates {
  std::optional<std::set<std::string>> names; // nullopt: all nodes
  std::set<std::string_view> by;              // plugins that named them
  std::string conflict;
};

candidates named_nodes(const pod_info& pod, const std::vector<plugin>& all) {
  candidates result;
  for (const auto& item : all) {
    auto names = item.only == nullptr ? std::nullopt : item.only(pod);
    if (!names)
      continue;
    if (names->empty())
      result.conflict = item.conflict;
    if (result.names)
      std::erase_if(*names, [&](const std::string& name) { return !result.names->contains(name); });
    result.names = std::move(names);
    result.by.insert(item.name);
  }
  return result;
}

/// Until `function` returns false. Begins behind `after` and goes round.
template <class F>
void for_each_candidate(const cache::cluster_cache& cluster, const candidates& chosen, const std::string& after, F function) {
  const auto& nodes = cluster.nodes();
  if (chosen.names) {
    for (const auto& name : *chosen.names)
      if (const auto found = nodes.find(name); found != nodes.end() && found->second.known() && !function(found->second))
        return;
    return;
  }
  const auto begin = after.empty() ? nodes.begin() : nodes.upper_bound(after);
  for (auto at = begin; at != nodes.end(); ++at)
    if (at->second.known() && !function(at->second))
      return;
  for (auto at = nodes.begin(); at != begin; ++at)
    if (at->second.known() && !function(at->second))
      return;
}

plugins::refusal ask_filters(const pod_info& pod, const node_info& node, const std::vector<plugin>& all) {
  for (const auto& item : all)
    if (item.filter != nullptr)
      if (auto refused = item.filter(pod, node); !refused.reasons.empty())
        return refused;
  return {};
}

} // namespace

std::string node_decision::message() const {
  if (nodes == 0)
    return "no nodes available to schedule pods";
  const auto none_of = [this](const std::string& why) { return fmt::format("0/{} nodes are available: {}.", nodes, why); };
  const std::string result = none_of(conflict.empty() ? histogram(reasons) : conflict);
  if (has_victims)
    return result; // upstream says no more when it has pods to evict
  const std::string preemption =
    may_preempt ? none_of(histogram({{"No preemption victims found for incoming pod", without_victims},
                                     {"Preemption is not helpful for scheduling", nodes - without_victims}}))
                : "not eligible due to preemptionPolicy=Never.";
  return fmt::format("{} no new claims to deallocate, preemption: {}", result, preemption);
}

node_decision decide_node(const pod_info& pod, const cache::cluster_cache& cluster, const std::vector<plugin>& all,
                          const std::function<uint64_t(uint64_t)>& below, const std::string& after) {
  node_decision result;
  result.nodes = cluster.known_nodes();
  const auto* spec = pod.pod().spec();
  result.may_preempt = spec == nullptr || cache::text(spec->preemptionPolicy()) != "Never";
  const auto chosen = named_nodes(pod, all);
  result.conflict = chosen.conflict;
  std::vector<const node_info*> fitting;
  size_t asked = 0;
  for_each_candidate(cluster, chosen, after, [&](const node_info& node) {
    ++asked;
    const auto refused = ask_filters(pod, node, all);
    if (refused.reasons.empty()) {
      fitting.push_back(&node);
      if (fitting.size() < nodes_scored_max)
        return true;
      result.last_asked = node.name;
      return false;
    }
    for (const auto& reason : refused.reasons)
      ++result.reasons[reason];
    if (refused.final)
      return true;
    if (node.lowest_priority() < pod.priority)
      result.has_victims = true;
    else
      ++result.without_victims;
    return true;
  });
  if (asked < result.nodes && result.conflict.empty())
    result.reasons[fmt::format("node(s) didn't satisfy plugin(s) [{}]", fmt::join(chosen.by, " "))] = result.nodes - asked;
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
