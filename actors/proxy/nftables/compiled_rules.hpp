// The nftables objects that one service port asks for, as data that can be compared: chains with their
// rules, sets of its own, and elements of the table's shared maps.
#pragma once

#include "actors/proxy/tracker/rule_model.hpp"

#include <map>
#include <string>
#include <vector>

namespace actors::proxy::nftables {

struct table_settings {
  std::string table = "troupe";
  std::string pod_cidr;     // of the cluster: sources outside of it are masqueraded; "": none is
  std::string service_cidr; // connections to its unused addresses are dropped; "": they are left alone
};

// Shared maps and sets of the table.
inline constexpr const char* service_ips = "service-ips";             // address . protocol . port -> chain
inline constexpr const char* service_nodeports = "service-nodeports"; // protocol . port -> chain
inline constexpr const char* unreachable_ips = "unreachable-ips";     // as service-ips -> reject or drop
inline constexpr const char* unreachable_nodeports = "unreachable-nodeports";
inline constexpr const char* cluster_ips = "cluster-ips";     // addresses that services have
inline constexpr const char* hairpin_pairs = "hairpin-pairs"; // endpoint . itself

struct element_key {
  std::string container;
  std::string key;

  auto operator<=>(const element_key&) const = default;
};

struct compiled_rules {
  std::map<std::string, std::vector<std::string>> chains; // name -> rules in order
  std::map<std::string, std::string> sets;                // name -> definition
  std::map<element_key, std::string> elements;            // -> verdict, "" in a set

  bool operator==(const compiled_rules&) const = default;
};

compiled_rules compile(const tracker::port_key& key, const tracker::port_rules& rules,
                       const table_settings& settings);

} // namespace actors::proxy::nftables
