// Which endpoints of a service port receive connections: upstream's choice, as pure functions.
#pragma once

#include "actors/proxy/tracker/rule_model.hpp"

#include <map>
#include <span>
#include <string_view>

namespace actors::proxy::tracker {

// An endpoint of one service port, after names of ports were resolved.
struct candidate {
  bool ready = false;
  bool serving = false;
  bool terminating = false;
  bool local = false; // on the node that the rules are for
};

// Candidates by target: merging slices removes duplicates.
using candidate_table = std::map<target, candidate>;

// Endpoints of `slices` (all of one service) for the port called `port_name`. An endpoint found twice
// (it moves between slices) is taken once, in its more useful state.
candidate_table resolve_candidates(std::span<const endpoint_slice* const> slices, std::string_view port_name,
                                   protocol wanted, std::string_view node_name);

// The ready ones; if there is none, those that still serve while they terminate.
std::vector<target> select_targets(const candidate_table& candidates, bool only_local);

// The rules of one port of a service. Fills only the target lists that its policies make reachable.
port_rules decide_port_rules(const service& owner, ipv4 cluster_ip, const service_port& port,
                             const candidate_table& candidates);

// The service's address when rules are made for it: not for headless and ExternalName services, those
// of another proxy, and IPv6 ones.
std::optional<ipv4> proxied_address(const service& owner);

} // namespace actors::proxy::tracker
