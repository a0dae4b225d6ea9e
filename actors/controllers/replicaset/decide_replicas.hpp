// Which pods to create and which to delete. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "actors/controllers/framework/pods.hpp"

namespace actors::controllers::replicaset {

/// Pods created or deleted in one look at a ReplicaSet (upstream's burstReplicas).
constexpr int32_t burst_max = 500;

struct owned_pod {
  std::string key;
  const framework::Pod* pod = nullptr;
  int64_t created = 0;
};

struct replica_decision {
  int32_t create = 0;
  std::vector<std::string> remove; // keys
};

/// `active`: the ReplicaSet's own pods that count. `related`: active pods of all ReplicaSets with the same owner, by which
/// crowded nodes are found.
replica_decision decide_replicas(int32_t wanted, const std::vector<owned_pod>& active,
                                 const std::vector<owned_pod>& related, int64_t now_seconds);

/// Pods in the order in which they are given up: unassigned, then Pending, then not ready, then cheap
/// (controller.kubernetes.io/pod-deletion-cost), on crowded nodes, ready for a shorter time, restarted more often, younger
/// (upstream: ActivePodsWithRanks in pkg/controller/controller_utils.go).
std::vector<owned_pod> rank_for_removal(std::vector<owned_pod> active, const std::vector<owned_pod>& related,
                                        int64_t now_seconds);

} // namespace actors::controllers::replicaset
