// One reconciliation, step by step; a step that fails does not keep the others from being done.
#include "actors/podnetwork/kernel/kernel_network.hpp"

#include "actors/podnetwork/kernel/links.hpp"
#include "actors/podnetwork/kernel/neighbours.hpp"
#include "actors/podnetwork/kernel/routes.hpp"
#include "actors/podnetwork/plan/changes.hpp"
#include "actors/podnetwork/plan/decide_network.hpp"
#include "actors/podnetwork/plan/masquerade.hpp"
#include "runtime/net/chain_probe.hpp"

#include <linux/netlink.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

namespace actors::podnetwork::kernel {
namespace {

constexpr size_t errors_max = 5; // in one report
constexpr const char* forwarding_setting = "/proc/sys/net/ipv4/ip_forward";

std::string allow_forwarding() {
  int value = 0;
  if (std::ifstream(forwarding_setting) >> value && value == 1)
    return "";
  std::ofstream file(forwarding_setting);
  file << "1" << std::flush;
  return file ? "" : std::string("cannot set ") + forwarding_setting + " to 1: pods' packets are not forwarded";
}

} // namespace

kernel_network::kernel_network(plan::network_settings settings)
    : settings_(std::move(settings)), socket_(NETLINK_ROUTE) {}

void kernel_network::note(int error, const std::string& what) {
  if (error == 0)
    ++report_.changes;
  else if (report_.error.empty() || std::count(report_.error.begin(), report_.error.end(), ';') + 1 < static_cast<long>(errors_max))
    report_.error += (report_.error.empty() ? "" : "; ") + what + ": " + std::strerror(error);
}

void kernel_network::attempt(const std::function<void()>& step) {
  try {
    step();
  } catch (const std::exception& failure) {
    report_.error += (report_.error.empty() ? "" : "; ") + std::string(failure.what());
  }
}

network_report kernel_network::reconcile(const std::vector<plan::node_view>& nodes) {
  report_ = {};
  const auto wanted = plan::decide_network(settings_, nodes, local_links(read_devices(socket_), read_addresses(socket_)));
  if (!wanted.failure.empty()) {
    report_.error = wanted.failure;
    return report_;
  }
  report_.problems = wanted.problems;
  report_.pod_mtu = wanted.pod_mtu;
  report_.routes = wanted.routes.size();
  report_.error = allow_forwarding();
  uint32_t device = 0;
  attempt([&] { remove_other_tunnels(wanted.tunnel); });
  attempt([&] { device = put_tunnel(wanted); });
  if (device != 0) {
    attempt([&] { put_tunnel_address(device, wanted.tunnel_address); });
    attempt([&] { put_neighbours(device, wanted); });
  }
  report_.reachable = !wanted.tunnel || device != 0;
  attempt([&] { put_routes(device, wanted); });
  attempt([&] { put_masquerade(wanted); });
  return report_;
}

/// Of another name, or from when the mode was another one.
void kernel_network::remove_other_tunnels(const std::optional<plan::tunnel>& wanted) {
  for (const auto& item : read_devices(socket_))
    if (item.group == device_group && item.tunnel && (!wanted || item.name != wanted->device)) {
      remove_device(socket_, item.index);
      ++report_.changes;
    }
}

/// The device's number; 0: none is wanted.
uint32_t kernel_network::put_tunnel(const plan::desired_network& wanted) {
  if (!wanted.tunnel)
    return 0;
  const auto find = [&]() -> std::optional<device> {
    for (auto& item : read_devices(socket_))
      if (item.name == wanted.tunnel->device)
        return item;
    return std::nullopt;
  };
  auto found = find();
  if (found && (found->group != device_group || !found->tunnel))
    throw std::runtime_error("there is an interface " + found->name + " that is not ours: give `device` another name");
  if (found && *found->tunnel != *wanted.tunnel) {
    remove_device(socket_, found->index);
    found.reset();
  }
  if (!found) {
    make_tunnel(socket_, *wanted.tunnel);
    ++report_.changes;
    found = find();
  }
  if (!found)
    throw std::runtime_error("the vxlan device " + wanted.tunnel->device + " vanished");
  if (!found->up) {
    set_up(socket_, found->index);
    ++report_.changes;
  }
  return found->index;
}

void kernel_network::put_tunnel_address(uint32_t device, std::optional<plan::ipv4> wanted) {
  bool there = false;
  for (const auto& item : read_addresses(socket_)) {
    if (item.index != device)
      continue;
    if (wanted == item.address && item.bits == 32) {
      there = true;
    } else {
      remove_address(socket_, item);
      ++report_.changes;
    }
  }
  if (wanted && !there) {
    add_address(socket_, device, *wanted);
    ++report_.changes;
  }
}

void kernel_network::put_neighbours(uint32_t device, const plan::desired_network& wanted) {
  const auto forwarding = plan::decide_changes(read_forwarding(socket_, device), wanted.forwarding);
  for (const auto& [mac, node] : forwarding.remove)
    note(remove_forwarding(socket_, device, mac, node), "remove the forwarding entry for " + to_string(node));
  for (const auto* list : {&forwarding.replace, &forwarding.add})
    for (const auto& [mac, node] : *list)
      note(put_forwarding(socket_, device, mac, node), "add the forwarding entry for " + to_string(node));
  const auto neighbours = plan::decide_changes(read_neighbours(socket_, device), wanted.neighbours);
  for (const auto& [address, mac] : neighbours.remove)
    note(remove_neighbour(socket_, device, address), "remove the neighbour " + to_string(address));
  for (const auto* list : {&neighbours.replace, &neighbours.add})
    for (const auto& [address, mac] : *list)
      note(put_neighbour(socket_, device, address, mac), "add the neighbour " + to_string(address));
}

void kernel_network::put_routes(uint32_t device, const plan::desired_network& wanted) {
  route_map want;
  for (const auto& [to, hop] : wanted.routes)
    if (hop.link != 0 || device != 0) // without a tunnel its routes have to wait
      want[to] = {hop.gateway, hop.link ? hop.link : device, hop.source, hop.link == 0};
  const auto changes = plan::decide_changes(read_routes(socket_), want);
  for (const auto& [to, route] : changes.remove)
    note(remove_route(socket_, to), "remove the route to " + to_string(to));
  for (const auto& [to, route] : changes.replace)
    note(put_route(socket_, to, route, true), "change the route to " + to_string(to));
  for (const auto& [to, route] : changes.add) {
    const int error = put_route(socket_, to, route, false);
    if (error == EEXIST)
      report_.problems.push_back("there is a route to " + to_string(to) + " that is not ours: left as it is");
    else
      note(error, "add the route to " + to_string(to) + " by " + to_string(route.gateway));
  }
}

void kernel_network::put_masquerade(const plan::desired_network& wanted) {
  if (direct_nodes_ == wanted.direct_nodes && runtime::net::chain_has_rules(settings_.table, plan::masquerade_chain))
    return;
  direct_nodes_.reset();
  if (auto error = nft_.run(plan::masquerade_commands(settings_.table, settings_.cluster, wanted.direct_nodes)))
    throw std::runtime_error("masquerading rules refused: " + *error);
  direct_nodes_ = wanted.direct_nodes;
  ++report_.changes;
}

std::string remove_network(const std::string& table) {
  try {
    runtime::net::netlink_socket socket(NETLINK_ROUTE);
    for (const auto& [to, route] : read_routes(socket))
      if (const int error = remove_route(socket, to))
        return "cannot remove the route to " + to_string(to) + ": " + std::strerror(error);
    for (const auto& item : read_devices(socket))
      if (item.group == device_group && item.tunnel)
        remove_device(socket, item.index);
    return runtime::net::nft_context().run(plan::remove_masquerade_commands(table)).value_or("");
  } catch (const std::exception& failure) {
    return failure.what();
  }
}

} // namespace actors::podnetwork::kernel
