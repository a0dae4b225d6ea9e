// The role's description and how it is spawned.
#include "actors/podnetwork/podnetwork.hpp"

#include "actors/podnetwork/kernel/kernel_network.hpp"
#include "actors/podnetwork/plan/decide_network.hpp"
#include "actors/podnetwork/podnetwork_actor.hpp"
#include "actors/podnetwork/writer_actor.hpp"

#include <stdexcept>

namespace actors::podnetwork {
namespace {

namespace placement = runtime::placement;

caf::strong_actor_ptr spawn_from_settings(caf::actor_system& system, const runtime::host::role_context& context) {
  auto make = [settings = settings_of(context)] { return std::make_unique<kernel::kernel_network>(settings); };
  return spawn(system, context, make, writer_thread::own);
}

void take_back(const runtime::host::role_context& context) {
  if (auto error = kernel::remove_network(context.settings.text("table")); !error.empty())
    context.log.error("the pod network cannot be taken back", {{"why", error}});
}

} // namespace

plan::network_settings settings_of(const runtime::host::role_context& context) {
  const auto& given = context.settings;
  plan::network_settings result;
  const auto cluster = runtime::net::parse_ipv4_network(context.cluster.pod_cidr);
  if (!cluster)
    throw std::invalid_argument("the cluster's podCIDR " + context.cluster.pod_cidr + " is no IPv4 network");
  result.cluster = *cluster;
  result.node = given.text("node");
  result.how = given.text("mode") == "vxlan" ? plan::mode::vxlan : plan::mode::routes;
  result.interface = given.text("interface");
  result.vni = static_cast<uint32_t>(given.integer("vni", result.vni));
  result.port = static_cast<uint16_t>(given.integer("port", result.port));
  result.device = given.text("device", result.device);
  result.mtu = static_cast<uint32_t>(given.integer("mtu", result.mtu));
  result.table = given.text("table", result.table);
  return result;
}

runtime::host::role_descriptor describe() {
  using type = placement::setting_type;
  const plan::network_settings standard;
  runtime::host::role_descriptor result;
  result.spec.name = "podnetwork";
  result.spec.summary = "keeps a node's ways to the pods of other nodes";
  result.spec.naming = placement::instance_naming::per_node;
  result.spec.settings = {
    {.name = "node", .type = type::node, .help = "the node whose pods it connects", .required = true},
    {.name = "mode",
     .type = type::choice,
     .help = "routes: to nodes on the host's own network segment; vxlan: inside UDP, also across segments",
     .otherwise = "routes",
     .choices = {"routes", "vxlan"}},
    {.name = "interface", .type = type::interface, .help = "towards the other nodes; else the one with the node's address"},
    {.name = "mtu", .type = type::integer, .help = "of pods; else as large as the way allows (vxlan: 50 less)", .min = plan::mtu_min, .max = 65'535},
    {.name = "vni", .type = type::integer, .help = "vxlan: number of the network, the same on all hosts", .otherwise = int64_t{standard.vni}, .min = 1, .max = (1 << 24) - 1},
    {.name = "port", .type = type::integer, .help = "vxlan: UDP port, the same on all hosts", .otherwise = int64_t{standard.port}, .min = 1, .max = 65'535},
    {.name = "device", .type = type::interface, .help = "vxlan: name of the interface that it makes", .otherwise = standard.device},
    {.name = "table",
     .type = type::interface,
     .help = "name of the nftables table that masquerades what leaves the cluster; nobody else's",
     .otherwise = standard.table},
  };
  result.phase = runtime::host::start_phase::proxy;
  result.ready = runtime::host::readiness::when_registered;
  result.spawn = spawn_from_settings;
  result.take_back = take_back;
  return result;
}

caf::strong_actor_ptr spawn(caf::actor_system& system, const runtime::host::role_context& context,
                            network_writer_factory make_writer, writer_thread thread) {
  auto writer = spawn_writer(system, std::move(make_writer), thread);
  return caf::actor_cast<caf::strong_actor_ptr>(
    system.spawn<podnetwork>(context, std::move(writer), plan::transport_name(settings_of(context))));
}

} // namespace actors::podnetwork
