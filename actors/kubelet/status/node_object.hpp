// The Node object of this machine as drafts: what the kubelet registers and keeps up to date. Pure but for
// read_machine.
#pragma once
#include <filesystem>
#include "actors/kubelet/cri/container_runtime.hpp"
#include "messages/codec/draft.hpp"

namespace actors::kubelet::status {

using messages::codec::draft;

inline constexpr int pods_max = 110;
inline constexpr size_t images_max = 50; ///< of the node's list, the largest first, as upstream
inline constexpr size_t image_names_max = 5;

/// What the machine is and has at the moment.
struct machine {
  int64_t cpus = 1, memory_bytes = 0, memory_available_bytes = 0;
  int64_t disk_bytes = 0, disk_available_bytes = 0;
  int64_t pids_max = 0, pids_used = 0;
  std::string kernel, os_image, machine_id, boot_id, system_uuid, arch;
  bool operator==(const machine&) const = default;
};
machine read_machine(const std::filesystem::path& data);
/// What a hollow node claims to be.
machine hollow_machine(const std::string& node);

struct node_facts {
  std::string name, address, pod_cidr;
  machine host;
  std::string runtime_version; ///< "containerd://1.6.20"
  std::string runtime_problem; ///< "" : ready; else the message of the Ready condition
  std::vector<cri::image> images;
  std::vector<std::pair<std::string, std::string>> labels; ///< besides the usual ones
  bool operator==(const node_facts&) const = default;
};

/// For creation.
draft node_object(const node_facts&);
/// status without the times of heartbeats, to be compared; `stamp_conditions` adds them.
draft node_status(const node_facts&);
/// lastHeartbeatTime is `now_s`; lastTransitionTime that of `previous` (a status) while a condition's status
/// is the same.
void stamp_conditions(draft& status, const draft& previous, int64_t now_s);
/// Labels that the kubelet sees to.
draft node_labels(const node_facts&);

int64_t allocatable_memory(const machine&);

draft lease_object(const std::string& node, const std::string& node_uid, int64_t now_us);

} // namespace actors::kubelet::status
