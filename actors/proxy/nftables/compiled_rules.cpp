// Rules of one service port in nft's language.
//
// A ClusterIP or node port leads to a chain that picks an endpoint. Without affinity the pick is one dnat
// rule with a map; with affinity there is a chain and a set of clients per endpoint.
#include "actors/proxy/nftables/compiled_rules.hpp"

#include "actors/proxy/nftables/object_name.hpp"

#include <set>

namespace actors::proxy::nftables {
namespace {

using tracker::port_key;
using tracker::port_rules;
using tracker::target;
using tracker::traffic_policy;
using targets = std::vector<target>;

std::string match_protocol(const port_rules& rules) {
  return "meta l4proto " + std::string(to_string(rules.protocol));
}

std::string numgen(size_t count) { return "numgen random mod " + std::to_string(count); }

// `0 : <text of the first>, 1 : ...`
template <class Text>
std::string numbered(const targets& list, Text text) {
  std::string result = "{ ";
  for (size_t i = 0; i < list.size(); ++i)
    result += (i ? ", " : "") + std::to_string(i) + " : " + text(list[i]);
  return result + " }";
}

std::string pick_by_map(const port_rules& rules, const targets& list) {
  auto rule = match_protocol(rules) + " dnat ip to ";
  if (list.size() == 1)
    return rule + to_string(list[0].address) + ':' + std::to_string(list[0].port);
  return rule + numgen(list.size()) + " map " + numbered(list, [](const target& t) {
           return to_string(t.address) + " . " + std::to_string(t.port);
         });
}

std::string element_of_ip(const port_rules& rules) {
  return to_string(rules.cluster_ip) + " . " + std::string(to_string(rules.protocol)) + " . " +
         std::to_string(rules.port);
}

std::string element_of_node_port(const port_rules& rules) {
  return std::string(to_string(rules.protocol)) + " . " + std::to_string(rules.node_port);
}

class compiler {
public:
  compiler(const port_key& key, const port_rules& rules, const table_settings& settings)
      : key_(key), rules_(rules), settings_(settings) {}

  compiled_rules run() {
    const auto cluster_chain = add_balancer("svc", rules_.cluster_targets);
    const auto local_chain = add_balancer("svl", rules_.local_targets);
    result_.elements[{cluster_ips, to_string(rules_.cluster_ip)}] = "";
    route(service_ips, unreachable_ips, element_of_ip(rules_),
          rules_.internal_policy == traffic_policy::local ? local_chain : cluster_chain, true);
    if (rules_.node_port != 0)
      route(service_nodeports, unreachable_nodeports, element_of_node_port(rules_),
            add_external(cluster_chain, local_chain),
            rules_.external_policy == traffic_policy::cluster || !local_chain.empty());
    return std::move(result_);
  }

private:
  // Connections to `key` go to `chain`; those that find no endpoint there are refused.
  void route(const char* map, const char* refusals, const std::string& key, const std::string& chain,
             bool complete) {
    if (!chain.empty())
      result_.elements[{map, key}] = "goto " + chain;
    if (chain.empty() || !complete)
      result_.elements[{refusals, key}] = rules_.reachable() ? "drop" : "goto refuse";
  }

  // The chain that sends a connection to one of `list`; "" for an empty list.
  std::string add_balancer(const char* purpose, const targets& list) {
    if (list.empty())
      return {};
    auto name = object_name(purpose, key_);
    auto& chain = result_.chains[name];
    if (!settings_.pod_cidr.empty())
      chain.push_back("ip daddr " + to_string(rules_.cluster_ip) + " ip saddr != " + settings_.pod_cidr +
                      " jump mark-masquerade");
    if (rules_.affinity.count() > 0)
      pick_with_memory(chain, list);
    else
      chain.push_back(pick_by_map(rules_, list));
    for (const auto& t : list)
      result_.elements[{hairpin_pairs, to_string(t.address) + " . " + to_string(t.address)}] = "";
    return name;
  }

  void pick_with_memory(std::vector<std::string>& chain, const targets& list) {
    for (const auto& t : list)
      chain.push_back("ip saddr @" + object_name("aff", key_, t) + " goto " + add_endpoint(t));
    chain.push_back(numgen(list.size()) + " vmap " +
                    numbered(list, [this](const target& t) { return "goto " + object_name("ep", key_, t); }));
  }

  // The timeout stands in the rule, not in the set: changing it keeps the clients that are known.
  std::string add_endpoint(const target& where) {
    const auto set = object_name("aff", key_, where);
    auto name = object_name("ep", key_, where);
    // Without a size: the kernel bounds a set that rules fill at 65,535 elements by itself, whereas a size
    // given here makes it allocate all buckets at once (1.6 MB per endpoint).
    result_.sets[set] = "type ipv4_addr; flags dynamic,timeout;";
    result_.chains[name] = {
      "update @" + set + " { ip saddr timeout " + std::to_string(rules_.affinity.count()) + "s }",
      match_protocol(rules_) + " dnat ip to " + to_string(where.address) + ':' + std::to_string(where.port),
    };
    return name;
  }

  // The chain of the node port; "" when there is no endpoint at all. With external policy Local, pods and
  // the node itself still reach all endpoints.
  std::string add_external(const std::string& cluster_chain, const std::string& local_chain) {
    if (cluster_chain.empty() && local_chain.empty())
      return {};
    auto name = object_name("ext", key_);
    auto& chain = result_.chains[name];
    if (rules_.external_policy == traffic_policy::cluster) {
      if (cluster_chain.empty()) {
        result_.chains.erase(name);
        return {};
      }
      chain = {"jump mark-masquerade", "goto " + cluster_chain};
      return name;
    }
    if (!cluster_chain.empty()) {
      if (!settings_.pod_cidr.empty())
        chain.push_back("ip saddr " + settings_.pod_cidr + " goto " + cluster_chain);
      chain.push_back("fib saddr type local jump mark-masquerade");
      chain.push_back("fib saddr type local goto " + cluster_chain);
    }
    if (!local_chain.empty())
      chain.push_back("goto " + local_chain);
    return name;
  }

  const port_key& key_;
  const port_rules& rules_;
  const table_settings& settings_;
  compiled_rules result_;
};

} // namespace

compiled_rules compile(const port_key& key, const port_rules& rules, const table_settings& settings) {
  return compiler(key, rules, settings).run();
}

} // namespace actors::proxy::nftables
