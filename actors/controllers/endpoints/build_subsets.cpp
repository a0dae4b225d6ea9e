// Pods to subsets.
#include "actors/controllers/endpoints/build_subsets.hpp"

#include <algorithm>
#include <map>
#include <optional>

namespace actors::controllers::endpoints {

namespace {

using client::draft;
using framework::Pod;
using framework::Service;
using framework::text;

struct backend {
  draft address;
  bool ready = false;
  std::string ip, uid;
};
using port_list = std::vector<std::tuple<std::string, std::string, int32_t, std::string>>; // name, protocol, port, appProtocol

/// The ports under which `pod` serves; nullopt: none of the Service's ports, so it is no endpoint.
std::optional<port_list> ports_of(const Pod& pod, const Service& service) {
  port_list result;
  if (service.spec()->ports() == nullptr || service.spec()->ports()->size() == 0)
    return framework::is_headless(service) ? std::optional{result} : std::nullopt;
  for (const auto* port : *service.spec()->ports())
    if (const auto number = framework::find_target_port(pod, *port)) {
      const auto protocol = text(port->protocol());
      result.emplace_back(text(port->name()), protocol.empty() ? "TCP" : protocol, *number, text(port->appProtocol()));
    }
  std::sort(result.begin(), result.end());
  return result.empty() ? std::nullopt : std::optional{result};
}

backend backend_of(const Pod& pod, const Service& service) {
  backend result;
  result.ip = framework::ipv4_of(pod);
  result.uid = text(pod.metadata()->uid());
  result.ready = service.spec()->publishNotReadyAddresses() || framework::is_ready(pod);
  result.address = draft::make_object({{"ip", result.ip}});
  if (const auto hostname = framework::endpoint_hostname(pod, service); !hostname.empty())
    result.address.set("hostname", hostname);
  if (const auto node = text(pod.spec()->nodeName()); !node.empty())
    result.address.set("nodeName", node);
  result.address.set("targetRef", framework::pod_reference(pod));
  return result;
}

draft draft_of_ports(const port_list& ports) {
  draft result = draft::make_array();
  for (const auto& [name, protocol, number, app_protocol] : ports) {
    draft item = draft::make_object();
    if (!name.empty())
      item.set("name", name);
    item.set("port", number);
    item.set("protocol", protocol);
    if (!app_protocol.empty())
      item.set("appProtocol", app_protocol);
    result.push_back(std::move(item));
  }
  return result;
}

using groups = std::map<port_list, std::vector<backend>>;

/// Drops addresses beyond the maximum, those that are not ready first.
bool truncate(groups& all) {
  size_t room = addresses_max;
  bool truncated = false;
  for (const bool ready : {true, false})
    for (auto& [ports, backends] : all)
      std::erase_if(backends, [&](const backend& item) {
        if (item.ready != ready)
          return false;
        if (room > 0) {
          --room;
          return false;
        }
        truncated = true;
        return true;
      });
  return truncated;
}

} // namespace

subsets_result build_subsets(const Service& service, const std::vector<const Pod*>& pods) {
  groups all;
  for (const auto* pod : pods) {
    if (!framework::can_be_endpoint(*pod) || (framework::is_deleted(*pod) && !service.spec()->publishNotReadyAddresses()))
      continue;
    if (const auto ports = ports_of(*pod, service))
      all[*ports].push_back(backend_of(*pod, service));
  }
  subsets_result result{draft::make_array()};
  result.truncated = truncate(all);
  for (auto& [ports, backends] : all) {
    std::sort(backends.begin(), backends.end(),
              [](const auto& left, const auto& right) { return std::tie(left.ip, left.uid) < std::tie(right.ip, right.uid); });
    draft ready = draft::make_array(), not_ready = draft::make_array();
    for (auto& item : backends)
      (item.ready ? ready : not_ready).push_back(std::move(item.address));
    if (ready.empty() && not_ready.empty())
      continue;
    draft subset = draft::make_object();
    if (!ready.empty())
      subset.set("addresses", std::move(ready));
    if (!not_ready.empty())
      subset.set("notReadyAddresses", std::move(not_ready));
    if (!ports.empty())
      subset.set("ports", draft_of_ports(ports));
    result.subsets.push_back(std::move(subset));
  }
  return result;
}

} // namespace actors::controllers::endpoints
