// Which pods are to be deleted because nobody else will, and what is said of them before that. Pure.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "actors/controllers/framework/pods.hpp"
#include "messages/api/core/v1/node_generated.h"

namespace actors::controllers::podgc {

using client::draft;
using framework::Pod;
using messages::api::core::v1::Node;

/// Upstream's --terminated-pod-gc-threshold. 0: finished pods are kept, however many there are.
inline constexpr int64_t terminated_threshold_default = 12'500;
inline constexpr int64_t terminated_threshold_max = 1'000'000;

enum class reason {
  out_of_service, ///< it is ending, on a node that an operator declared out of service and that is not ready
  unscheduled,    ///< it is ending, and no kubelet was ever to run it
  orphaned,       ///< its node does not exist
  terminated,     ///< it has finished, and so have too many that are younger
};
/// As upstream's metrics call it.
std::string_view name_of(reason why);

enum class node_standing { missing, present, out_of_service };
/// `node` null: it is missing.
node_standing standing_of(const Node* node);

/// What of a pod matters here. Views of the pod, and of its key in a cache.
struct pod_facts {
  std::string_view key, uid, node; // node: "" before it is scheduled
  int64_t created = 0;
  bool terminated = false; // Succeeded or Failed
  bool evicted = false;
  bool ending = false;     // has a deletionTimestamp
  bool settled = false;    // nothing is left to do for it, or somebody is at it: it counts, and is not found again
};
/// `settled` as far as the pod itself shows: finished and force-deleted, only finalizers hold it.
pod_facts facts_of(std::string_view key, const Pod& pod);

/// Whether any reason could apply, now or later without a change of the pod.
bool may_be_garbage(const pod_facts& pod, bool node_missing);
/// Whether a reason that was found still applies.
bool is_garbage(const pod_facts& pod, node_standing node, reason why);

struct garbage {
  std::string key, uid;
  reason why = reason::terminated;
};

struct limits {
  int64_t terminated_threshold = terminated_threshold_default; // 0: none
  size_t found_max = 0;      // in `now`
  size_t terminated_max = 0; // of these
};

struct found_garbage {
  std::vector<garbage> now;
  /// Pods by their missing node, to be deleted once the node was asked for in vain. A node whose pods are all settled is there, too.
  std::map<std::string, std::vector<garbage>, std::less<>> orphans;
  bool more = false; // a limit was met
};
/// Out of service first, then unscheduled, then terminated; among equals evicted pods first, then the oldest.
found_garbage find_garbage(const std::vector<pod_facts>& pods, const std::function<node_standing(std::string_view node)>& standing,
                           const limits& most);

/// The strategic merge patch that makes a pod Failed before it is deleted: of an orphan nobody else says that it does not run any more.
draft failed_patch(const Pod& pod, reason why, int64_t now_seconds);

} // namespace actors::controllers::podgc
