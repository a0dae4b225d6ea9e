// Host ports.
#include "actors/scheduler/plugins/nodeports/nodeports.hpp"

#include <algorithm>

namespace actors::scheduler::plugins::nodeports {

namespace {

bool conflicts(const cache::host_port& left, const cache::host_port& right) {
  const auto& [left_protocol, left_ip, left_port] = left;
  const auto& [right_protocol, right_ip, right_port] = right;
  if (left_protocol != right_protocol || left_port != right_port)
    return false;
  return left_ip == right_ip || left_ip == "0.0.0.0" || right_ip == "0.0.0.0";
}

} // namespace

refusal filter(const pod_info& pod, const node_info& node) {
  for (const auto& wanted : pod.host_ports)
    for (const auto& [taken, count] : node.host_ports)
      if (conflicts(wanted, taken))
        return {{"node(s) didn't have free ports for the requested pod ports"}};
  return {};
}

} // namespace actors::scheduler::plugins::nodeports
