// Validation of a Service: ports, affinity, traffic policies. Addresses: address_validation.cpp.
#include "actors/apiserver/registry/core/service/validation.hpp"

#include <set>
#include <utility>

#include "actors/apiserver/registry/core/service/address_validation.hpp"
#include "actors/apiserver/registry/core/service/service.hpp"
#include "actors/apiserver/registry/fields.hpp"
#include "actors/apiserver/registry/meta/labels.hpp"
#include "actors/apiserver/registry/meta/names.hpp"
#include "actors/apiserver/registry/meta/network.hpp"
#include "actors/apiserver/registry/meta/object_meta.hpp"
#include "actors/apiserver/registry/pod_template/probes.hpp"

namespace actors::apiserver::registry::core::service {

namespace {

constexpr int64_t affinity_seconds_max = 86400;
constexpr std::string_view balancer_only = "may only be used when `type` is 'LoadBalancer'";

using choices = std::vector<std::string_view>;

void validate_choice(const draft& spec, std::string_view key, const choices& allowed, field_errors& out) {
  auto value = spec.get(key).str();
  auto field = path("spec").child(key);
  if (value.empty())
    return out.push_back(required(field));
  for (auto choice : allowed)
    if (choice == value)
      return;
  out.push_back(not_supported(field, value, allowed));
}

void validate_port(const draft& port, bool name_required, std::set<std::string_view>& names,
                   const path& field, field_errors& out) {
  auto name = port.get("name").str();
  if (name.empty() && name_required)
    out.push_back(required(field.child("name")));
  if (!name.empty()) {
    meta::add(out, field.child("name"), name, meta::check_dns1123_label(name));
    if (!names.insert(name).second)
      out.push_back(duplicate(field.child("name"), name));
  }
  auto number = port.get("port").integer();
  meta::add(out, field.child("port"), number, meta::check_port_number(number));
  auto protocol = port.get("protocol").str();
  if (protocol.empty())
    out.push_back(required(field.child("protocol")));
  else if (protocol != "TCP" && protocol != "UDP" && protocol != "SCTP")
    out.push_back(not_supported(field.child("protocol"), protocol, {"SCTP", "TCP", "UDP"}));
  pod_template::validate_port_or_name(port.get("targetPort"), field.child("targetPort"), out);
  if (has(port, "appProtocol"))
    meta::add(out, field.child("appProtocol"), port.get("appProtocol"),
              meta::check_label_key(port.get("appProtocol").str()));
}

void validate_ports(const draft& service, field_errors& out) {
  auto& spec = service.get("spec");
  auto& ports = spec.get("ports").items();
  path field("spec.ports");
  std::set<std::string_view> names;
  for (size_t i = 0; i < ports.size(); ++i)
    validate_port(ports[i], ports.size() > 1, names, field.index(i), out);
}

void validate_port_uniqueness(const draft& spec, field_errors& out) {
  auto& ports = spec.get("ports").items();
  path field("spec.ports");
  bool internal = spec.get("type").str() == "ClusterIP";
  std::set<std::pair<std::string_view, int64_t>> numbers, node_ports;
  for (size_t i = 0; i < ports.size(); ++i) {
    auto node_port = ports[i].get("nodePort").integer();
    auto protocol = ports[i].get("protocol").str();
    auto at = field.index(i).child("nodePort");
    if (node_port && internal)
      out.push_back(forbidden(at, "may not be used when `type` is 'ClusterIP'"));
    if (node_port && !node_ports.emplace(protocol, node_port).second)
      out.push_back(duplicate(at, node_port));
  }
  for (size_t i = 0; i < ports.size(); ++i) {
    auto number = ports[i].get("port").integer();
    auto protocol = ports[i].get("protocol").str();
    if (!numbers.emplace(protocol, number).second)
      out.push_back(
        duplicate(field.index(i), draft::make_object({{"port", number}, {"protocol", protocol}})));
  }
}

void validate_external_name(const draft& spec, field_errors& out) {
  for (std::string_view key : {"clusterIPs", "ipFamilies"})
    if (!spec.get(key).empty())
      out.push_back(forbidden(path("spec").child(key), "may not be set for ExternalName services"));
  if (has(spec, "ipFamilyPolicy"))
    out.push_back(forbidden("spec.ipFamilyPolicy", "may not be set for ExternalName services"));
  auto name = spec.get("externalName").str();
  if (name.ends_with('.'))
    name.remove_suffix(1);
  if (name.empty())
    out.push_back(required("spec.externalName"));
  else
    meta::add(out, path("spec.externalName"), name, meta::check_dns1123_subdomain(name));
}

void validate_type(const draft& service, field_errors& out) {
  auto& spec = service.get("spec");
  auto type = spec.get("type").str();
  if (spec.get("ports").empty() && !is_headless(service) && type != "ExternalName")
    out.push_back(required("spec.ports"));
  if (is_headless(service) && (type == "LoadBalancer" || type == "NodePort"))
    out.push_back(invalid("spec.clusterIPs[0]", "None",
                          "may not be set to 'None' for " + std::string(type) + " services"));
  if (type == "ExternalName")
    validate_external_name(spec, out);
}

void validate_affinity(const draft& spec, field_errors& out) {
  validate_choice(spec, "sessionAffinity", {"ClientIP", "None"}, out);
  auto affinity = spec.get("sessionAffinity").str();
  path field("spec.sessionAffinityConfig");
  if (affinity == "None" && has(spec, "sessionAffinityConfig"))
    out.push_back(forbidden(field, "must not be set when session affinity is None"));
  if (affinity != "ClientIP")
    return;
  auto& timeout = spec.get("sessionAffinityConfig").get("clientIP").get("timeoutSeconds");
  auto at = field.child("clientIP", "timeoutSeconds");
  if (!timeout.is_integer())
    out.push_back(required(at, "when session affinity type is ClientIP"));
  else if (timeout.integer() <= 0 || timeout.integer() > affinity_seconds_max)
    out.push_back(
      invalid(at, timeout, "must be greater than 0 and less than " + std::to_string(affinity_seconds_max)));
}

void validate_balancer_fields(const draft& service, field_errors& out) {
  auto& spec = service.get("spec");
  bool balancer = spec.get("type").str() == "LoadBalancer";
  auto& ranges = spec.get("loadBalancerSourceRanges").items();
  path field("spec.LoadBalancerSourceRanges");
  if (!ranges.empty() && !balancer)
    out.push_back(forbidden(field, std::string(balancer_only)));
  for (size_t i = 0; i < ranges.size(); ++i)
    meta::validate_cidr(ranges[i].str(), field.index(i), out);
  if (has(spec, "allocateLoadBalancerNodePorts") && !balancer)
    out.push_back(forbidden("spec.allocateLoadBalancerNodePorts", std::string(balancer_only)));
  if (balancer && !has(spec, "allocateLoadBalancerNodePorts"))
    out.push_back(required("allocateLoadBalancerNodePorts"));
  if (!has(spec, "loadBalancerClass"))
    return;
  if (balancer)
    meta::add(out, path("spec.loadBalancerClass"), spec.get("loadBalancerClass"),
              meta::check_label_key(spec.get("loadBalancerClass").str()));
  else
    out.push_back(forbidden("spec.loadBalancerClass", std::string(balancer_only)));
}

void validate_traffic(const draft& service, field_errors& out) {
  auto& spec = service.get("spec");
  if (is_externally_accessible(service))
    validate_choice(spec, "externalTrafficPolicy", {"Cluster", "Local"}, out);
  else if (has_text(spec, "externalTrafficPolicy"))
    out.push_back(invalid("spec.externalTrafficPolicy", spec.get("externalTrafficPolicy"),
                          "may only be set for externally-accessible services"));
  auto port = spec.get("healthCheckNodePort").integer();
  if (needs_health_check_port(service)) {
    if (port == 0)
      out.push_back(required("spec.healthCheckNodePort"));
    else
      meta::add(out, path("spec.healthCheckNodePort"), port, meta::check_port_number(port));
  } else if (port != 0) {
    out.push_back(
      invalid("spec.healthCheckNodePort", port,
              "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"));
  }
  if (needs_cluster_ip(service) || has(spec, "internalTrafficPolicy"))
    validate_choice(spec, "internalTrafficPolicy", {"Cluster", "Local"}, out);
  if (has(spec, "trafficDistribution"))
    validate_choice(spec, "trafficDistribution", {"PreferClose", "PreferSameNode", "PreferSameZone"}, out);
}

void validate_service(const draft& service, field_errors& out) {
  auto& spec = service.get("spec");
  meta::validate_object_meta(service, true, meta::name_is_dns1035_label, out);
  validate_type(service, out);
  validate_ports(service, out);
  meta::validate_labels(spec.get("selector"), path("spec.selector"), out);
  validate_affinity(spec, out);
  validate_addresses(service, out);
  auto& external = spec.get("externalIPs").items();
  for (size_t i = 0; i < external.size(); ++i) {
    auto at = path("spec.externalIPs").index(i);
    if (meta::family_of(external[i].str()) == meta::ip_family::none)
      meta::validate_ip(external[i].str(), at, out);
    else
      meta::validate_reachable_ip(external[i].str(), at, out);
  }
  validate_choice(spec, "type", {"ClusterIP", "ExternalName", "LoadBalancer", "NodePort"}, out);
  validate_port_uniqueness(spec, out);
  validate_balancer_fields(service, out);
  validate_traffic(service, out);
}

} // namespace

void validate(const draft& service, field_errors& out) { validate_service(service, out); }

void validate_update(const draft& next, const draft& old, field_errors& out) {
  auto& spec = next.get("spec");
  auto& before = old.get("spec");
  meta::validate_object_meta_update(next, old, out);
  validate_address_update(next, old, out);
  bool balancers = spec.get("type").str() == "LoadBalancer" && before.get("type").str() == "LoadBalancer";
  if (balancers && spec.get("loadBalancerClass") != before.get("loadBalancerClass"))
    out.push_back(
      invalid("spec.loadBalancerClass", spec.get("loadBalancerClass"), "may not change once set"));
  if (needs_health_check_port(old) && needs_health_check_port(next) &&
      spec.get("healthCheckNodePort").integer() != before.get("healthCheckNodePort").integer())
    out.push_back(forbidden("spec.healthCheckNodePort", "field is immutable"));
  validate_service(next, out);
}

void validate_status_update(const draft& next, const draft& old, field_errors& out) {
  meta::validate_object_meta_update(next, old, out);
  auto& ingress = next.get("status").get("loadBalancer").get("ingress").items();
  path field("status.loadBalancer.ingress");
  if (!ingress.empty() && next.get("spec").get("type").str() != "LoadBalancer")
    return out.push_back(forbidden(field, "may only be used when `spec.type` is 'LoadBalancer'"));
  for (size_t i = 0; i < ingress.size(); ++i) {
    auto at = field.index(i);
    auto ip = ingress[i].get("ip").str();
    auto mode = ingress[i].get("ipMode").str();
    auto host = ingress[i].get("hostname").str();
    if (!ip.empty())
      meta::validate_ip(ip, at.child("ip"), out);
    if (!ip.empty() && mode.empty())
      out.push_back(required(at.child("ipMode"), "must be specified when `ip` is set"));
    else if (ip.empty() && !mode.empty())
      out.push_back(forbidden(at.child("ipMode"), "may not be specified when `ip` is not set"));
    else if (!mode.empty() && mode != "VIP" && mode != "Proxy")
      out.push_back(not_supported(at.child("ipMode"), mode, {"Proxy", "VIP"}));
    if (host.empty())
      continue;
    meta::add(out, at.child("hostname"), host, meta::check_dns1123_subdomain(host));
    if (meta::family_of(host) != meta::ip_family::none)
      out.push_back(invalid(at.child("hostname"), host, "must be a DNS name, not an IP address"));
  }
}

} // namespace actors::apiserver::registry::core::service
