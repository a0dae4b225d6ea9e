// nftables commands.
#include "actors/podnetwork/plan/masquerade.hpp"

namespace actors::podnetwork::plan {
namespace {

constexpr const char* nodes_set = "direct-nodes";

} // namespace

std::string masquerade_commands(const std::string& table, const ipv4_network& cluster,
                                const std::set<ipv4>& direct_nodes) {
  const std::string name = "ip " + table;
  const std::string chain = name + " " + masquerade_chain;
  const std::string pods = to_string(cluster);
  // After the proxy's chain (100): what it has translated is settled.
  std::string result = "add table " + name + "\n" //
                       "add set " + name + " " + nodes_set + " { type ipv4_addr; }\n" //
                       "add chain " + chain + " { type nat hook postrouting priority 110; }\n" //
                       "flush chain " + chain + "\n" //
                       "flush set " + name + " " + nodes_set + "\n";
  std::string elements;
  for (const auto& node : direct_nodes)
    elements += (elements.empty() ? "" : ", ") + to_string(node);
  if (!elements.empty())
    result += "add element " + name + " " + nodes_set + " { " + elements + " }\n";
  for (const auto& rule : {"ip saddr != " + pods + " return", "ip daddr " + pods + " return",
                           std::string("ip daddr @") + nodes_set + " return",
                           std::string("ip daddr 224.0.0.0/4 return"), std::string("masquerade fully-random")})
    result += "add rule " + chain + " " + rule + "\n";
  return result;
}

std::string remove_masquerade_commands(const std::string& table) {
  return "add table ip " + table + "\ndelete table ip " + table + "\n";
}

} // namespace actors::podnetwork::plan
