// The desired rules, as decided by the tracker and turned into a rule set by a rule_writer.
// One entry per service port; independent of nftables.
#pragma once

#include "actors/proxy/tracker/service.hpp"
#include "runtime/net/ipv4.hpp"

#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace actors::proxy::tracker {

using runtime::net::ipv4;
using runtime::net::parse_ipv4;

struct port_key {
  object_key service;
  std::string port_name;

  auto operator<=>(const port_key&) const = default;
};

// Where a connection is sent.
struct target {
  ipv4 address;
  uint16_t port = 0;

  auto operator<=>(const target&) const = default;
};

struct port_rules {
  ipv4 cluster_ip;
  tracker::protocol protocol = tracker::protocol::tcp;
  uint16_t port = 0;
  uint16_t node_port = 0;           // 0: none
  std::chrono::seconds affinity{0}; // 0: none
  traffic_policy internal_policy = traffic_policy::cluster;
  traffic_policy external_policy = traffic_policy::cluster;
  std::vector<target> cluster_targets; // sorted, unique
  std::vector<target> local_targets;   // those on this node; filled only if a policy asks for it

  // Without any endpoint connections are rejected; with endpoints only elsewhere they are dropped.
  bool reachable() const { return !cluster_targets.empty() || !local_targets.empty(); }
  bool operator==(const port_rules&) const = default;
};

using rule_model = std::map<port_key, port_rules>;

// What changed since the last delta: the new rules of a service port, or nullopt when it is gone.
using model_delta = std::vector<std::pair<port_key, std::optional<port_rules>>>;

void apply_delta(rule_model& model, const model_delta& delta);

} // namespace actors::proxy::tracker
