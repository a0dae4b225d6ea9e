// Pure choice of the endpoints that receive connections.
#include "actors/proxy/tracker/select_targets.hpp"

namespace actors::proxy::tracker {
namespace {

// Higher is more useful to a client.
int rank(const candidate& c) { return c.ready ? 2 : c.serving ? 1 : 0; }

void merge(candidate_table& table, const target& where, const candidate& found) {
  auto [position, inserted] = table.try_emplace(where, found);
  if (inserted)
    return;
  const bool local = position->second.local || found.local;
  if (rank(found) > rank(position->second))
    position->second = found;
  position->second.local = local;
}

bool needs_local(const service& owner, const service_port& port) {
  return owner.internal_policy == traffic_policy::local ||
         (owner.external_policy == traffic_policy::local && port.node_port != 0);
}

// Even with external policy Local, the cluster's endpoints are needed: connections from pods and from
// the node itself to the node port may use them.
bool needs_cluster(const service& owner, const service_port& port) {
  return owner.internal_policy == traffic_policy::cluster || port.node_port != 0;
}

} // namespace

candidate_table resolve_candidates(std::span<const endpoint_slice* const> slices, std::string_view port_name,
                                   protocol wanted, std::string_view node_name) {
  candidate_table result;
  for (const auto* slice : slices) {
    if (slice->address_type != "IPv4")
      continue;
    for (const auto& port : slice->ports) {
      if (port.name != port_name || port.protocol != wanted || !port.port)
        continue;
      for (const auto& found : slice->endpoints) {
        if (auto address = parse_ipv4(found.address))
          merge(result, {*address, *port.port},
                {found.ready, found.serving, found.terminating,
                 !node_name.empty() && found.node_name == node_name});
      }
    }
  }
  return result;
}

std::vector<target> select_targets(const candidate_table& candidates, bool only_local) {
  std::vector<target> ready;
  std::vector<target> last_resort;
  for (const auto& [where, state] : candidates) {
    if (only_local && !state.local)
      continue;
    if (state.ready)
      ready.push_back(where);
    else if (state.serving && state.terminating)
      last_resort.push_back(where);
  }
  return ready.empty() ? last_resort : ready;
}

port_rules decide_port_rules(const service& owner, ipv4 cluster_ip, const service_port& port,
                             const candidate_table& candidates) {
  port_rules rules{cluster_ip,
                   port.protocol,
                   port.port,
                   port.node_port,
                   owner.affinity,
                   owner.internal_policy,
                   owner.external_policy,
                   {},
                   {}};
  if (needs_cluster(owner, port))
    rules.cluster_targets = select_targets(candidates, false);
  if (needs_local(owner, port))
    rules.local_targets = select_targets(candidates, true);
  return rules;
}

std::optional<ipv4> proxied_address(const service& owner) {
  if (owner.type == "ExternalName" || !owner.proxy_name.empty())
    return std::nullopt;
  return parse_ipv4(owner.cluster_ip);
}

} // namespace actors::proxy::tracker
