// Keeping the sums.
#include "actors/scheduler/cache/node_info.hpp"

#include "messages/codec/quantity.hpp"

namespace actors::scheduler::cache {

void cluster_cache::set_node(const std::string& name, const client::entry& item) {
  node_info& node = nodes_[name];
  if (!node.known())
    ++known_nodes_;
  node.name = name;
  node.object = item.object;
  const auto* status = node.node().status();
  node.allocatable = status == nullptr ? resources{} : resources_of(status->allocatable());
  node.pods_max = 0;
  if (status != nullptr && status->allocatable() != nullptr)
    if (const auto* pods = status->allocatable()->LookupByKey("pods"); pods != nullptr && pods->value() != nullptr)
      node.pods_max = messages::codec::value_of(messages::codec::quantity{*pods->value()});
}

void cluster_cache::remove_node(const std::string& name) {
  const auto found = nodes_.find(name);
  if (found == nodes_.end() || !found->second.known())
    return;
  --known_nodes_;
  found->second.object = {};
  found->second.allocatable = {};
  found->second.pods_max = 0;
  drop_if_unused(name);
}

void cluster_cache::drop_if_unused(const std::string& name) {
  const auto found = nodes_.find(name);
  if (found != nodes_.end() && !found->second.known() && found->second.pods == 0)
    nodes_.erase(found);
}

void cluster_cache::count(node_info& node, const pod_load& pod, int sign) {
  node.requested.add(pod.requests, sign);
  node.nonzero_requested.add(pod.nonzero_requests, sign);
  node.pods += sign;
  if ((node.priorities[pod.priority] += sign) == 0)
    node.priorities.erase(pod.priority);
  for (const auto& port : pod.host_ports)
    if ((node.host_ports[port] += sign) == 0)
      node.host_ports.erase(port);
}

void cluster_cache::place(const pod_info& pod, const std::string& node, bool assumed) {
  remove_pod(pod.key);
  node_info& target = nodes_[node];
  target.name = node;
  const auto load = loads_.try_emplace(pod).first;
  ++load->second;
  count(target, load->first, 1);
  pods_.emplace(client::shared_key{pod.key}, placed{load, &target, assumed});
}

void cluster_cache::set_pod(const std::shared_ptr<const pod_info>& pod) { place(*pod, pod->node, false); }

void cluster_cache::assume(const std::shared_ptr<const pod_info>& pod, const std::string& node) { place(*pod, node, true); }

void cluster_cache::remove_pod(const std::string& key) {
  const auto found = pods_.find(key);
  if (found == pods_.end())
    return;
  const auto gone = found->second;
  pods_.erase(found);
  count(*gone.node, gone.load->first, -1);
  if (--gone.load->second == 0)
    loads_.erase(gone.load);
  drop_if_unused(std::string{gone.node->name});
}

void cluster_cache::forget(const std::string& key) {
  if (is_assumed(key))
    remove_pod(key);
}

bool cluster_cache::is_assumed(const std::string& key) const {
  const auto found = pods_.find(key);
  return found != pods_.end() && found->second.assumed;
}

} // namespace actors::scheduler::cache
