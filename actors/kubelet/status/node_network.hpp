// The pod network of a node: the CNI configuration, and the kernel settings that it needs.
#pragma once
#include <filesystem>
#include <string>

namespace actors::kubelet::status {

struct network_settings {
  std::string node, bridge, pod_cidr;
  std::filesystem::path cni_folder;  ///< which containerd watches
  std::filesystem::path ipam_folder; ///< where host-local keeps its leases
};

std::string cni_configuration(const network_settings&);
/// Writes what is not there yet. Returns what keeps pods from having a network, or "".
std::string prepare_network(const network_settings&);

} // namespace actors::kubelet::status
