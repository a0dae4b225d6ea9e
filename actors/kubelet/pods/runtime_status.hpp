// What the container runtime has of one pod: its sandboxes and containers, newest first.
#pragma once
#include "actors/kubelet/cri/container_runtime.hpp"

namespace actors::kubelet::pods {

/// Labels and annotations that the kubelet puts on sandboxes and containers; adoption after a restart reads
/// them.
namespace label {
inline constexpr const char* node = "troupe.dev/node"; ///< several kubelets may share one runtime
inline constexpr const char* pod_name = "io.kubernetes.pod.name";
inline constexpr const char* pod_namespace = "io.kubernetes.pod.namespace";
inline constexpr const char* pod_uid = "io.kubernetes.pod.uid";
inline constexpr const char* container_name = "io.kubernetes.container.name";
} // namespace label
namespace annotation {
inline constexpr const char* hash = "io.kubernetes.container.hash";
inline constexpr const char* restart_count = "io.kubernetes.container.restartCount";
inline constexpr const char* pod_grace = "io.kubernetes.pod.terminationGracePeriod";
inline constexpr const char* termination_path = "io.kubernetes.container.terminationMessagePath";
inline constexpr const char* termination_policy = "io.kubernetes.container.terminationMessagePolicy";
} // namespace annotation

struct runtime_status {
  std::vector<cri::sandbox> sandboxes;    ///< newest first
  std::vector<cri::container> containers; ///< with full status, newest first

  const cri::sandbox* ready_sandbox() const;
  /// The newest container of that name, or nullptr.
  const cri::container* find(std::string_view container_name) const;
  /// The newest exited one of that name other than `except`, or nullptr.
  const cri::container* last_exited(std::string_view container_name,
                                    const cri::container* except = nullptr) const;
};

int restart_count_of(const cri::container&);
/// The pod's terminationGracePeriodSeconds, as noted on the container.
std::optional<int64_t> grace_of(const cri::container&);

/// Reads the runtime's state of a pod: lists by uid and asks the status of each container. Blocks.
runtime_status read_runtime_status(cri::container_runtime&, const std::string& node, const std::string& uid);

} // namespace actors::kubelet::pods
