#include "actors/kubelet/kubelet.hpp"
#include <arpa/inet.h>
#include "actors/kubelet/cri/containerd.hpp"
#include "actors/kubelet/cri/hollow.hpp"
#include "actors/kubelet/kubelet_actor.hpp"
#include "actors/kubelet/workers/executor.hpp"
#include "runtime/net/ipv4.hpp"

namespace actors::kubelet {
namespace {

namespace placement = runtime::placement;

/// A pod, a probe or a log read that blocks has a thread to itself; 110 pods and their probes fit.
constexpr size_t worker_threads_max = 256;
constexpr uint32_t hollow_subnet_size = 256;
constexpr uint32_t hollow_address_base = (10u << 24) + (128u << 16); ///< of the nodes themselves: nothing routes there

std::string dotted(uint32_t ip) {
  in_addr a{htonl(ip)};
  char text[INET_ADDRSTRLEN];
  return ::inet_ntop(AF_INET, &a, text, sizeof text);
}

/// Its pods have no addresses until the node has a range, as those of a real node: hollow nodes of several hosts would give
/// the same ones otherwise.
kubelet_parts hollow_parts(const runtime::host::role_context& context) {
  auto subnet = std::make_shared<cri::hollow_subnet>();
  cri::hollow_options options;
  options.node = context.settings.text("node");
  options.subnet = [subnet] { return *subnet; };
  options.now_us = [clock = context.clock] { return clock->wall_us(); };
  auto assign = [subnet](const std::string& range) {
    if (auto network = runtime::net::parse_ipv4_network(range))
      *subnet = {network->address.value, static_cast<uint32_t>(std::min<uint64_t>(network->size(), UINT32_MAX))};
  };
  return {cri::make_hollow(options), workers::make_inline(), true, assign};
}

/// With `podCIDR`, hollow node N has the N-th part of it; without, the node-IPAM controller chooses.
void give_hollow_range(placement::role_settings& settings, uint32_t index) {
  if (!settings.has("podCIDR"))
    return;
  auto all = runtime::net::parse_ipv4_network(settings.text("podCIDR"));
  uint64_t offset = uint64_t{index} * hollow_subnet_size;
  if (!all || offset + hollow_subnet_size > all->size())
    throw std::invalid_argument("podCIDR " + settings.text("podCIDR") + " has no room for hollow node " + std::to_string(index) +
                                ": each takes a /24; without podCIDR, the role controllers/nodeipam chooses");
  settings.set("podCIDR", dotted(all->address.value + static_cast<uint32_t>(offset)) + "/24");
}

caf::strong_actor_ptr spawn_from_settings(caf::actor_system& system,
                                          const runtime::host::role_context& context) {
  if (!context.settings.has("hollowIndex")) {
    auto endpoint = context.settings.text("runtimeEndpoint");
    return spawn(system, context,
                 {cri::connect_containerd(endpoint), workers::make_threads(worker_threads_max), false});
  }
  auto own = context;
  auto index = static_cast<uint32_t>(context.settings.integer("hollowIndex"));
  own.settings.set("address", dotted(hollow_address_base + index * hollow_subnet_size + 1));
  give_hollow_range(own.settings, index);
  return spawn(system, own, hollow_parts(own));
}

} // namespace

runtime::host::role_descriptor describe() {
  using type = placement::setting_type;
  runtime::host::role_descriptor result;
  result.spec.name = "kubelet";
  result.spec.summary = "runs the pods of a node through a container runtime";
  result.spec.naming = placement::instance_naming::per_node;
  result.spec.settings = {
    {.name = "node",
     .type = type::node,
     .help = "name of the node; with hollow: what its nodes' names begin with"},
    {.name = "hollow",
     .type = type::integer,
     .help = "this many nodes without containers instead of a real one",
     .min = 1,
     .max = 100'000},
    {.name = "address", .type = type::ip, .help = "address of the node", .required = true},
    {.name = "podCIDR", .type = type::cidr, .help = "addresses of its pods; else those that controllers/nodeipam chooses"},
    {.name = "mtu",
     .type = type::integer,
     .help = "largest packet of its pods; else as podnetwork finds it",
     .min = 576,
     .max = 65'535},
    {.name = "bridge",
     .type = type::interface,
     .help = "the bridge that its pods are on",
     .otherwise = "troupe0"},
    {.name = "runtimeEndpoint",
     .type = type::uri,
     .help = "CRI socket of the container runtime",
     .otherwise = "unix://<data>/containerd/containerd.sock"},
  };
  result.phase = runtime::host::start_phase::kubelet;
  result.ready = runtime::host::readiness::when_registered;
  result.spawn = spawn_from_settings;
  return result;
}

caf::strong_actor_ptr spawn(caf::actor_system& system, const runtime::host::role_context& context,
                            kubelet_parts parts) {
  return caf::actor_cast<caf::strong_actor_ptr>(system.spawn<kubelet>(context, std::move(parts)));
}

} // namespace actors::kubelet
