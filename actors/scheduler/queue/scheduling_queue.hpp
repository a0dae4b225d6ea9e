// Pods that wait for a node: ready ones by priority, then by age; those that did not fit anywhere are put aside until
// something changes in the cluster, but not longer than `unschedulable_us_max`; each attempt is followed by a pause that doubles
// (upstream's activeQ, backoffQ and unschedulable pods). Pure: time is handed in.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>

#include "actors/scheduler/cache/pod_info.hpp"

namespace actors::scheduler::queue {

class scheduling_queue {
public:
  static constexpr int64_t pause_min_us = 1'000'000;
  static constexpr int64_t pause_max_us = 10'000'000;
  static constexpr int64_t unschedulable_us_max = 300'000'000;

  /// New, or changed: a pod that was put aside is tried again.
  void add(std::shared_ptr<const cache::pod_info> pod, int64_t now_us);
  void remove(const std::string& key);
  bool contains(const std::string& key) const { return pods_.contains(key); }
  /// The next pod to try, taken out; nullptr: none is due.
  std::shared_ptr<const cache::pod_info> take(int64_t now_us);
  /// No node fits: wait for a change.
  void put_aside(std::shared_ptr<const cache::pod_info> pod, int64_t now_us);
  /// An attempt failed for another reason (the API refused): try again after the pause.
  void retry(std::shared_ptr<const cache::pod_info> pod, int64_t now_us);
  /// The cluster changed in a way that may let pods fit.
  void cluster_changed(int64_t now_us);
  /// The pod is bound: its attempts are forgotten.
  void settle(const std::string& key) {
    attempts_.erase(key);
    tried_at_.erase(key);
  }
  /// When take() may have something; nullopt: only after another event.
  std::optional<int64_t> next_due() const;
  size_t size() const { return pods_.size(); }
  /// Pods that wait for nothing but their turn.
  size_t active() const { return active_.size(); }

private:
  enum class place : uint8_t { active, pausing, aside };
  struct waiting {
    std::shared_ptr<const cache::pod_info> pod;
    place where = place::active;
    int64_t due_us = 0; // pausing: end of the pause; aside: the latest moment
    uint64_t sequence = 0;
  };
  using order = std::tuple<int64_t, uint64_t, std::string>; // -priority, sequence, key
  void insert(std::shared_ptr<const cache::pod_info> pod, place where, int64_t due_us);
  void promote(int64_t now_us);
  int64_t pause_of(const std::string& key) const;

  std::unordered_map<std::string, waiting> pods_;
  std::set<order> active_;
  std::set<std::pair<int64_t, std::string>> due_; // pausing and aside
  std::unordered_map<std::string, int> attempts_;
  std::unordered_map<std::string, int64_t> tried_at_;
  uint64_t next_sequence_ = 1;
};

} // namespace actors::scheduler::queue
