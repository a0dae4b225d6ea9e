// The table's skeleton.
//
// prerouting and output look the destination up in service-ips, then, if it is an address of this node, in
// service-nodeports. What was sent to an endpoint is masqueraded in postrouting when it carries the mark or
// comes back to its own sender (hairpin). Whatever still has a service's address behind those hooks found no
// endpoint: it is refused in input, forward and output.
#include "actors/proxy/nftables/fixed_rules.hpp"

namespace actors::proxy::nftables {
namespace {

// Node ports answer on the node's own addresses, but not on loopback: a packet to 127.0.0.0/8 cannot leave
// the host for an endpoint.
constexpr const char* to_this_node = "ip daddr != 127.0.0.0/8 fib daddr type local ";
constexpr const char* masquerade_mark = "0x4000";
constexpr const char* by_ip = "ip daddr . meta l4proto . th dport vmap @";
constexpr const char* by_node_port = "meta l4proto . th dport vmap @";

void add_containers(batch& commands) {
  for (const auto* name : {service_ips, unreachable_ips})
    commands.add_map(name, "type ipv4_addr . inet_proto . inet_service : verdict;");
  for (const auto* name : {service_nodeports, unreachable_nodeports})
    commands.add_map(name, "type inet_proto . inet_service : verdict;");
  commands.add_set(cluster_ips, "type ipv4_addr;");
  commands.add_set(hairpin_pairs, "type ipv4_addr . ipv4_addr;");
}

void add_forwarding(batch& commands) {
  commands.add_chain("mark-masquerade");
  commands.add_chain("services");
  commands.add_chain("nat-prerouting", "type nat hook prerouting priority -100;");
  commands.add_chain("nat-output", "type nat hook output priority -100;");
  commands.add_chain("nat-postrouting", "type nat hook postrouting priority 100;");
  const std::string mark = masquerade_mark;
  commands.add_rule("mark-masquerade", "meta mark set meta mark or " + mark);
  commands.add_rule("services", std::string(by_ip) + service_ips);
  commands.add_rule("services", to_this_node + std::string(by_node_port) + service_nodeports);
  commands.add_rule("nat-prerouting", "jump services");
  commands.add_rule("nat-output", "jump services");
  commands.add_rule("nat-postrouting", "ct status dnat ip saddr . ip daddr @" + std::string(hairpin_pairs) +
                                         " masquerade fully-random");
  commands.add_rule("nat-postrouting", "meta mark & " + mark + " == 0 return");
  commands.add_rule("nat-postrouting", "meta mark set meta mark xor " + mark);
  commands.add_rule("nat-postrouting", "masquerade fully-random");
}

void add_refusals(batch& commands, const table_settings& settings) {
  commands.add_chain("refuse");
  commands.add_chain("check-services");
  commands.add_chain("check-unused");
  commands.add_chain("filter-input", "type filter hook input priority 0;");
  commands.add_chain("filter-forward", "type filter hook forward priority 0;");
  commands.add_chain("filter-output", "type filter hook output priority 0;");
  commands.add_rule("refuse", "meta l4proto tcp reject with tcp reset");
  commands.add_rule("refuse", "reject with icmp type port-unreachable");
  commands.add_rule("check-services", std::string(by_ip) + unreachable_ips);
  commands.add_rule("check-services", to_this_node + std::string(by_node_port) + unreachable_nodeports);
  // A port that the service does not have; ping as well, as there is nothing behind the address.
  commands.add_rule("check-unused", "ip daddr @" + std::string(cluster_ips) + " goto refuse");
  // Addresses that no service has would circle on the loopback route until their time to live ends.
  if (!settings.service_cidr.empty())
    commands.add_rule("check-unused", "ip daddr " + settings.service_cidr + " drop");
  for (const auto* chain : {"filter-input", "filter-forward", "filter-output"})
    commands.add_rule(chain, "ct state new jump check-services");
  for (const auto* chain : {"filter-forward", "filter-output"})
    commands.add_rule(chain, "ct state new jump check-unused");
}

} // namespace

void add_fixed_rules(batch& commands, const table_settings& settings) {
  add_containers(commands);
  add_forwarding(commands);
  add_refusals(commands, settings);
}

} // namespace actors::proxy::nftables
