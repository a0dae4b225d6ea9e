// What the pod network is decided from, and what is decided. Plain values.
#pragma once

#include "runtime/net/ipv4.hpp"

#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace actors::podnetwork::plan {

using runtime::net::ipv4;
using runtime::net::ipv4_network;
using mac_address = std::array<uint8_t, 6>;

enum class mode : uint8_t {
  routes, // plain routes by the other nodes' addresses: for nodes on one network segment
  vxlan,  // packets travel inside UDP between the nodes: across segments
};

struct network_settings {
  std::string node;      // ours
  ipv4_network cluster;  // all pods of the cluster
  mode how = mode::routes;
  std::string interface; // towards the other nodes; "": the one that has our node's address
  uint32_t vni = 1;
  uint16_t port = 4789;
  std::string device = "troupe-vxlan";
  uint32_t mtu = 0; // of pods; 0: as large as the way allows
  std::string table = "troupe-podnet"; // of nftables
};

// How others reach us, as our Node says it: "routes", or "vxlan:<vni>:<port>".
std::string transport_name(const network_settings& settings);

// One Node object.
struct node_view {
  std::string name;
  std::optional<ipv4> address; // its InternalIP
  std::vector<ipv4_network> ranges;
  std::string transport; // see transport_name; "": it has not said so
  bool hollow = false;   // no containers, hence no pod network

  bool operator==(const node_view&) const = default;
};

// An address of this machine with the network that it is on.
struct local_link {
  uint32_t index = 0;
  std::string name;
  uint32_t mtu = 0;
  bool loopback = false;
  ipv4 address;
  ipv4_network network;
};

struct next_hop {
  ipv4 gateway;
  uint32_t link = 0; // 0: the tunnel's device
  ipv4 source;       // of packets that the node itself sends; 0: the kernel's choice

  auto operator<=>(const next_hop&) const = default;
};

// A vxlan device.
struct tunnel {
  std::string device;
  uint32_t vni = 0;
  uint16_t port = 0;
  uint32_t link = 0; // the interface that its packets leave by
  ipv4 local;
  mac_address mac{};
  uint32_t mtu = 0;

  bool operator==(const tunnel&) const = default;
};

struct desired_network {
  std::optional<plan::tunnel> tunnel;
  std::optional<ipv4> tunnel_address; // on the device: what this node sends from into the tunnel
  std::map<ipv4_network, next_hop> routes;
  std::map<ipv4, mac_address> neighbours;  // who has a gateway's address inside the tunnel
  std::map<mac_address, ipv4> forwarding;  // and to which node its packets are sent
  std::set<ipv4> direct_nodes; // addresses of nodes that pods reach from their own address
  uint32_t pod_mtu = 0;        // 0: nothing to say
  std::vector<std::string> problems; // nodes whose pods cannot be reached, and why
  std::string failure; // not "": nothing could be decided; the rest is empty
};

} // namespace actors::podnetwork::plan
