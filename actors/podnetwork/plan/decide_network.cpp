// Which way to each node.
//
// A node is reached through the tunnel when both ends say that they have the same one, else directly when its
// address is on a segment of ours: so hosts of both modes can be mixed, as long as those on different segments
// have the tunnel.
#include "actors/podnetwork/plan/decide_network.hpp"

#include <iterator>

namespace actors::podnetwork::plan {
namespace {

const node_view* find_node(const std::vector<node_view>& nodes, const std::string& name) {
  for (const auto& node : nodes)
    if (node.name == name)
      return &node;
  return nullptr;
}

const local_link* find_uplink(const network_settings& settings, const std::vector<local_link>& links, ipv4 own) {
  const local_link* result = nullptr;
  for (const auto& link : links) {
    if (settings.interface.empty() ? link.address != own : link.name != settings.interface)
      continue;
    if (!result || link.address == own)
      result = &link;
  }
  return result;
}

class decision {
public:
  decision(const network_settings& settings, const std::vector<node_view>& nodes,
           const std::vector<local_link>& links)
      : settings_(settings), nodes_(nodes), links_(links) {}

  desired_network run() {
    own_ = find_node(nodes_, settings_.node);
    if (!own_ || !own_->address)
      return failed("the Node " + settings_.node + (own_ ? " has no InternalIP" : " is not registered") + " yet");
    uplink_ = find_uplink(settings_, links_, *own_->address);
    if (!uplink_ && settings_.interface.empty())
      return failed("no interface has the node's address " + to_string(*own_->address) +
                    ": give the kubelet's `address` as other hosts reach it, or name the `interface`");
    if (!uplink_)
      return failed("there is no interface " + settings_.interface + " with an IPv4 address");
    if (auto problem = decide_mtu(); !problem.empty())
      return failed(problem);
    if (settings_.how == mode::vxlan)
      add_tunnel();
    for (const auto& range : own_->ranges)
      take(range, settings_.node);
    for (const auto& node : nodes_)
      if (&node != own_ && !node.hollow && node.address && node.address != own_->address)
        add_node(node);
    return std::move(result_);
  }

private:
  static desired_network failed(std::string why) {
    desired_network result;
    result.failure = std::move(why);
    return result;
  }

  std::string decide_mtu() {
    if (uplink_->loopback && settings_.how == mode::routes) {
      result_.pod_mtu = settings_.mtu;
      return "";
    }
    if (uplink_->loopback)
      return "the node's address " + to_string(*own_->address) + " is the machine's own: vxlan needs one that other hosts reach";
    const uint32_t overhead = settings_.how == mode::vxlan ? vxlan_overhead : 0;
    if (uplink_->mtu < mtu_min + overhead)
      return "the mtu of " + uplink_->name + " is too small: " + std::to_string(uplink_->mtu);
    const uint32_t most = uplink_->mtu - overhead;
    if (settings_.mtu > most)
      return "mtu " + std::to_string(settings_.mtu) + " is too large: " + uplink_->name + " has " +
             std::to_string(uplink_->mtu) + ", which leaves " + std::to_string(most) + " for pods";
    result_.pod_mtu = settings_.mtu ? settings_.mtu : most;
    return "";
  }

  void add_tunnel() {
    result_.tunnel = tunnel{settings_.device,   settings_.vni,    settings_.port,
                            uplink_->index,     *own_->address,   tunnel_mac(*own_->address),
                            result_.pod_mtu};
    if (!own_->ranges.empty())
      result_.tunnel_address = own_->ranges.front().address;
  }

  // The link by which `address` is a neighbour.
  const local_link* segment_of(ipv4 address) const {
    for (const auto& link : links_)
      if (!link.loopback && link.network.contains(address) && link.network.bits < 32 &&
          (settings_.interface.empty() || link.name == settings_.interface))
        return &link;
    return nullptr;
  }

  void add_node(const node_view& node) {
    const bool tunnelled = settings_.how == mode::vxlan && node.transport == transport_name(settings_);
    const auto* segment = segment_of(*node.address);
    if (segment && !tunnelled)
      result_.direct_nodes.insert(*node.address);
    if (node.ranges.empty())
      return;
    if (!tunnelled && !segment)
      return add_problem(node, why_unreachable(node));
    for (const auto& range : node.ranges) {
      if (!accept(node, range))
        continue;
      if (tunnelled)
        add_tunnelled(node, range);
      else
        result_.routes[range] = {*node.address, segment->index, segment->address};
    }
  }

  void add_tunnelled(const node_view& node, const ipv4_network& range) {
    const auto mac = tunnel_mac(*node.address);
    result_.routes[range] = {range.address, 0, result_.tunnel_address.value_or(ipv4{})};
    result_.neighbours[range.address] = mac;
    result_.forwarding[mac] = *node.address;
  }

  std::string why_unreachable(const node_view& node) const {
    if (settings_.how == mode::routes)
      return "is not on a network segment of this host: that takes `mode: vxlan` on both hosts";
    if (node.transport.empty())
      return "is on another network segment, and its pod network is not up yet";
    return "is on another network segment, and its pod network is `" + node.transport + "`, not `" +
           transport_name(settings_) + "` as here";
  }

  // A Node object must not lead packets astray that are not its own.
  bool accept(const node_view& node, const ipv4_network& range) {
    if (!settings_.cluster.contains(range)) {
      add_problem(node, "has the range " + to_string(range) + ", which is not within the cluster's " +
                          to_string(settings_.cluster));
      return false;
    }
    // Taken ranges do not overlap each other, so only the last one that begins before our end can.
    auto after = taken_.upper_bound(ipv4{static_cast<uint32_t>(range.address.value + range.size() - 1)});
    if (after != taken_.begin())
      if (const auto& [other, owner] = std::prev(after)->second; other.overlaps(range)) {
        add_problem(node, "has the range " + to_string(range) + ", which overlaps " + to_string(other) + " of " + owner);
        return false;
      }
    take(range, node.name);
    return true;
  }

  void take(const ipv4_network& range, const std::string& owner) { taken_[range.address] = {range, owner}; }

  void add_problem(const node_view& node, const std::string& what) {
    result_.problems.push_back(node.name + " (" + to_string(*node.address) + ") " + what);
  }

  const network_settings& settings_;
  const std::vector<node_view>& nodes_;
  const std::vector<local_link>& links_;
  const node_view* own_ = nullptr;
  const local_link* uplink_ = nullptr;
  std::map<ipv4, std::pair<ipv4_network, std::string>> taken_; // by first address
  desired_network result_;
};

} // namespace

std::string transport_name(const network_settings& settings) {
  if (settings.how == mode::routes)
    return "routes";
  return "vxlan:" + std::to_string(settings.vni) + ":" + std::to_string(settings.port);
}

mac_address tunnel_mac(ipv4 node) {
  const auto byte = [&](int shift) { return static_cast<uint8_t>(node.value >> shift); };
  return {0x02, 0x54, byte(24), byte(16), byte(8), byte(0)}; // 02: administered locally
}

desired_network decide_network(const network_settings& settings, const std::vector<node_view>& nodes,
                               const std::vector<local_link>& links) {
  return decision(settings, nodes, links).run();
}

} // namespace actors::podnetwork::plan
