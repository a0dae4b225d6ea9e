// What a scheduling plugin is: pure functions of a pod and a node, listed as data in registry.cpp.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "actors/scheduler/cache/node_info.hpp"

namespace actors::scheduler::plugins {

using cache::node_info;
using cache::pod_info;

constexpr int64_t score_max = 100;

/// Why a pod cannot run on a node.
struct refusal {
  std::vector<std::string> reasons; // upstream's words; empty: it can
  /// It could not either if other pods went away (upstream's UnschedulableAndUnresolvable).
  bool final = false;
};

struct plugin {
  std::string_view name; // upstream's
  /// Looks at the pod alone, before the filters (upstream's PreFilter): the only nodes that may be asked, by name; nullopt:
  /// all. When it names none, `conflict` says why. May be null.
  std::optional<std::set<std::string>> (*only)(const pod_info&) = nullptr;
  std::string_view conflict;
  /// May be null.
  refusal (*filter)(const pod_info&, const node_info&) = nullptr;
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
