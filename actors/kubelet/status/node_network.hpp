// The pod network of a node: the CNI configuration, and the kernel settings that it needs.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

namespace actors::kubelet::status {

struct network_settings {
  std::string node, bridge, pod_cidr;
  std::filesystem::path cni_folder;  ///< which containerd watches
  std::filesystem::path ipam_folder; ///< where host-local keeps its leases
  int64_t mtu = 0;                   ///< of pods; 0: as the machine's
};

/// What upstream and containerd call a node whose pods cannot have a network yet.
inline constexpr const char* not_initialized = "NetworkReady=false reason:NetworkPluginNotReady message:Network plugin "
                                               "returns error: cni plugin not initialized";

/// Which range the node's pods are to have: `placed` by the placement file, or else `assigned` by the Node.
struct range_decision {
  std::string range;   ///< "": leave the network as it is
  std::string problem; ///< "": none
};
range_decision decide_range(const std::string& placed, const std::string& assigned);

std::string cni_configuration(const network_settings&);
/// Whether an earlier run has configured the network.
bool has_configuration(const network_settings&);
/// Addresses that pods have now and that `range` does not contain.
std::vector<std::string> leases_outside(const network_settings&, const std::string& range);
/// Writes what is not there yet. Returns what keeps pods from having a network, or "". A network that pods are on is
/// not taken from under them: that is such a reason, until they are gone.
std::string prepare_network(const network_settings&);

} // namespace actors::kubelet::status
