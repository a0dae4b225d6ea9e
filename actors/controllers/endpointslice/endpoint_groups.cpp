// Pods to endpoints.
#include "actors/controllers/endpointslice/endpoint_groups.hpp"

#include <algorithm>
#include <map>

namespace actors::controllers::endpointslice {

using framework::Pod;
using framework::Service;
using framework::text;

draft endpoint_of(const located_pod& located, const Service& service) {
  const Pod& pod = *located.pod;
  const bool serving = framework::is_ready(pod);
  const bool terminating = framework::is_deleted(pod);
  const bool ready = service.spec()->publishNotReadyAddresses() || (serving && !terminating);
  draft result = draft::make_object(
    {{"addresses", draft::make_array({framework::ipv4_of(pod)})},
     {"conditions", draft::make_object({{"ready", ready}, {"serving", serving}, {"terminating", terminating}})}});
  if (const auto hostname = framework::endpoint_hostname(pod, service); !hostname.empty())
    result.set("hostname", hostname);
  result.set("targetRef", framework::pod_reference(pod));
  if (const auto node = text(pod.spec()->nodeName()); !node.empty())
    result.set("nodeName", node);
  if (!located.zone.empty())
    result.set("zone", located.zone);
  return result;
}

draft ports_of(const Pod& pod, const Service& service) {
  draft result = draft::make_array();
  if (service.spec()->ports() == nullptr)
    return result;
  for (const auto* port : *service.spec()->ports()) {
    const auto number = framework::find_target_port(pod, *port);
    if (!number)
      continue;
    const auto protocol = text(port->protocol());
    draft item = draft::make_object(
      {{"name", text(port->name())}, {"protocol", protocol.empty() ? "TCP" : protocol}, {"port", *number}});
    if (port->appProtocol() != nullptr)
      item.set("appProtocol", text(port->appProtocol()));
    result.push_back(std::move(item));
  }
  return result;
}

std::string port_key(const draft& ports) {
  std::vector<std::string> keys;
  for (const auto& port : ports.items()) {
    std::string key{port.get("name").str()};
    key.append("/").append(port.get("protocol").str("TCP")).append("/");
    key.append(port.get("port").is_null() ? "*" : std::to_string(port.get("port").integer()));
    key.append("/").append(port.get("appProtocol").str());
    keys.push_back(std::move(key));
  }
  std::sort(keys.begin(), keys.end());
  std::string result;
  for (const auto& key : keys)
    result.append(key).append(1, ';');
  return result;
}

std::vector<endpoint_group> group_endpoints(const Service& service, const std::vector<located_pod>& pods) {
  std::map<std::string, endpoint_group> groups;
  for (const auto& located : pods) {
    if (!framework::can_be_endpoint(*located.pod))
      continue;
    draft ports = ports_of(*located.pod, service);
    auto& group = groups[port_key(ports)];
    group.ports = std::move(ports);
    group.endpoints.push_back(endpoint_of(located, service));
  }
  std::vector<endpoint_group> result;
  for (auto& [key, group] : groups)
    result.push_back(std::move(group));
  return result;
}

} // namespace actors::controllers::endpointslice
