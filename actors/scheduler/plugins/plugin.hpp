// What a scheduling plugin is: pure functions of a pod and a node, listed as data in registry.cpp.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "actors/scheduler/cache/node_info.hpp"

namespace actors::scheduler::plugins {

using cache::node_info;
using cache::pod_info;

constexpr int64_t score_max = 100;

struct plugin {
  std::string_view name; // upstream's
  /// Why the pod cannot run on the node, in upstream's words; empty: it can. May be null.
  std::vector<std::string> (*filter)(const pod_info&, const node_info&) = nullptr;
  /// 0 to score_max, the more the better. May be null.
  int64_t (*score)(const pod_info&, const node_info&) = nullptr;
  /// Raw scores of any range, brought to 0..score_max after all nodes are scored; `reversed`: the less the better.
  bool normalize = false;
  bool reversed = false;
  int64_t weight = 1;
};

/// In the order in which filters run; the first that refuses a node names the reason.
const std::vector<plugin>& registry();

} // namespace actors::scheduler::plugins
