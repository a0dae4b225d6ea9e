// How many replicas each ReplicaSet of a Deployment should have next. Pure: numbers in, numbers out. The rules are
// upstream's (pkg/controller/deployment/{rolling,recreate,sync}.go and util/deployment_util.go).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace actors::controllers::deployment {

/// What the rollout needs to know of one ReplicaSet.
struct set_state {
  std::string name;
  int32_t replicas = 0;     // spec
  int32_t present = 0;      // status.replicas
  int32_t available = 0;    // status.availableReplicas
  int32_t max_replicas = 0; // the annotation deployment.kubernetes.io/max-replicas; 0: none
  int64_t created = 0;
};

/// An absolute number, or a percentage of the Deployment's replicas.
struct amount {
  bool is_percent = false;
  int32_t value = 0;
};
/// "25%" or "3"; anything else counts as 0, which validation has ruled out.
amount parse_percent(std::string_view text);

struct limits {
  int32_t surge = 0;       // rounded up
  int32_t unavailable = 0; // rounded down; 1 when both would be 0
};
limits resolve_limits(amount surge, amount unavailable, int32_t replicas);

struct resize {
  std::string name;
  int32_t from = 0, to = 0;
};

/// The new ReplicaSet's size: grows as far as surge allows.
int32_t next_size_of_new(const set_state& new_set, const std::vector<set_state>& all, int32_t wanted, const limits& bounds);

/// Old ReplicaSets shrink as far as availability allows: first what is not available anyway, then, oldest first, the rest.
std::vector<resize> shrink_old(const set_state& new_set, std::vector<set_state> old, int32_t wanted, const limits& bounds);

/// A change of scale in the middle of a rollout is spread over the ReplicaSets in proportion to their size.
std::vector<resize> scale_proportionally(std::vector<set_state> active, int32_t wanted, const limits& bounds, bool rolling);

} // namespace actors::controllers::deployment
