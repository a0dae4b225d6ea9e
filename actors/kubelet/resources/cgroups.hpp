// Requests and limits as cgroup values, the pods' cgroup folders, and their removal in every hierarchy (v1
// and v2).
#pragma once
#include <filesystem>
#include "actors/kubelet/cri/container_runtime.hpp"
#include "actors/kubelet/pods/pod_spec.hpp"

namespace actors::kubelet::resources {

inline constexpr int64_t cpu_period_us = 100'000;
inline constexpr int64_t cpu_shares_min = 2;
inline constexpr int64_t cpu_quota_min_us = 1'000;

int64_t cpu_shares(int64_t milli);
int64_t cpu_quota_us(int64_t milli);
/// -997 for Guaranteed, 1000 for BestEffort, between for Burstable by its share of the machine's memory.
int64_t oom_score_adj(pods::qos_class, const pods::resource_spec&, int64_t machine_memory_bytes);

cri::container_resources container_values(const pods::pod_spec&, const pods::container_spec&,
                                          int64_t machine_memory_bytes);

/// "/troupe-<node>/burstable/pod<uid>"
std::string cgroup_parent(const std::string& node, const pods::pod_spec&);
std::string cgroup_root(const std::string& node);

/// Mount points of cgroup hierarchies of this machine, from /proc/self/mountinfo.
std::vector<std::filesystem::path> cgroup_hierarchies();

/// Removes the cgroup folders of a pod, whatever its class was, with everything below them in every
/// hierarchy. Returns what could not be removed (processes are still in it).
std::vector<std::filesystem::path> remove_pod_cgroups(const std::string& node, const std::string& uid);
/// The same for pod folders under the node's cgroup whose uid is not in `keep`.
std::vector<std::filesystem::path> remove_cgroups_except(const std::string& node,
                                                         const std::vector<std::string>& keep);

} // namespace actors::kubelet::resources
