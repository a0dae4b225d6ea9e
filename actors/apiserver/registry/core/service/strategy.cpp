// Defaults of a Service and what an update carries over.
#include "actors/apiserver/registry/core/service/strategy.hpp"

#include "actors/apiserver/registry/core/service/service.hpp"
#include "actors/apiserver/registry/fields.hpp"
#include "actors/apiserver/registry/meta/network.hpp"

namespace actors::apiserver::registry::core::service {

namespace {

constexpr int64_t affinity_seconds_default = 10800;

void default_affinity(draft& spec) {
  default_text(spec, "sessionAffinity", "None");
  if (spec.get("sessionAffinity").str() == "None")
    spec.erase("sessionAffinityConfig");
  if (spec.get("sessionAffinity").str() != "ClientIP")
    return;
  auto& config = spec.get("sessionAffinityConfig");
  if (!has(config.get("clientIP"), "timeoutSeconds"))
    spec.set(
      "sessionAffinityConfig",
      draft::make_object({{"clientIP", draft::make_object({{"timeoutSeconds", affinity_seconds_default}})}}));
}

void default_port(draft& port) {
  default_text(port, "protocol", "TCP");
  auto& target = port.get("targetPort");
  if (target.is_null() || (target.is_string() && target.str().empty()) ||
      (target.is_integer() && !target.integer()))
    port.set("targetPort", port.get("port").integer());
}

// clusterIP is the first of clusterIPs; older clients know only the former.
void match_cluster_ips(draft& spec, const draft& before) {
  std::string single(spec.get("clusterIP").str());
  auto list_from_single = [&] {
    if (single.empty())
      spec.erase("clusterIPs");
    else
      spec.set("clusterIPs", draft::make_array({single}));
  };
  if (before.is_null()) {
    if (spec.get("clusterIPs").empty())
      list_from_single();
    return;
  }
  bool same_single = single == before.get("clusterIP").str();
  bool same_list = spec.get("clusterIPs").items() == before.get("clusterIPs").items();
  if (!same_single && same_list) {
    list_from_single();
  } else if (same_single && !same_list) {
    auto& list = spec.get("clusterIPs").items();
    if (list.empty())
      spec.erase("clusterIP");
    else
      spec.set("clusterIP", draft(list.front()));
  }
}

// The cluster has IPv4 services only, so families follow from that.
void default_families(draft& service) {
  auto& spec = object_made(service, "spec");
  if (spec.get("type").str() == "ExternalName")
    return;
  if (is_headless(service) && spec.get("selector").empty()) {
    // Its endpoints are the client's own and may be of any family.
    default_text(spec, "ipFamilyPolicy", "RequireDualStack");
    if (spec.get("ipFamilies").empty())
      spec.set("ipFamilies", draft::make_array({"IPv4"}));
    auto& families = spec["ipFamilies"];
    if (families.size() == 1 && spec.get("ipFamilyPolicy").str() != "SingleStack")
      families.push_back(families.items().front().str() == "IPv4" ? "IPv6" : "IPv4");
    return;
  }
  default_text(spec, "ipFamilyPolicy", "SingleStack");
  if (spec.get("ipFamilies").empty())
    spec.set("ipFamilies", draft::make_array({"IPv4"}));
}

const draft* port_like(const draft& ports, const draft& wanted) {
  for (auto& port : ports.items())
    if (port.get("protocol").str() == wanted.get("protocol").str() &&
        port.get("port").integer() == wanted.get("port").integer())
      return &port;
  return nullptr;
}

// What a client need not repeat: the addresses and ports that it was given.
void carry_allocated(draft& next, const draft& old) {
  auto& spec = object_made(next, "spec");
  auto& before = old.get("spec");
  if (needs_cluster_ip(old) && needs_cluster_ip(next)) {
    if (!has_text(spec, "clusterIP"))
      copy_member(spec, before, "clusterIP");
    if (spec.get("clusterIPs").empty() && spec.get("clusterIP").str() == before.get("clusterIP").str())
      copy_member(spec, before, "clusterIPs");
  }
  if (needs_node_ports(old) && needs_node_ports(next))
    for_each_item(spec, "ports", [&](draft& port) {
      if (auto* same = port_like(before.get("ports"), port); same && port.get("nodePort").integer() == 0)
        copy_member(port, *same, "nodePort");
    });
  if (needs_health_check_port(old) && needs_health_check_port(next) &&
      spec.get("healthCheckNodePort").integer() == 0)
    copy_member(spec, before, "healthCheckNodePort");
  if (!has(spec, "ipFamilyPolicy"))
    copy_member(spec, before, "ipFamilyPolicy");
  if (spec.get("ipFamilies").empty())
    copy_member(spec, before, "ipFamilies");
}

bool same_node_ports(const draft& left, const draft& right) {
  if (left.size() != right.size())
    return false;
  for (size_t i = 0; i < left.size(); ++i)
    if (left.items()[i].get("nodePort").integer() != right.items()[i].get("nodePort").integer())
      return false;
  return true;
}

// Fields that only the old type could have, and that the client did not touch, go.
void drop_fields_of_old_type(draft& next, const draft& old) {
  auto& spec = object_made(next, "spec");
  auto& before = old.get("spec");
  auto drop_untouched = [&](std::string_view key) {
    if (spec.get(key) == before.get(key))
      spec.erase(key);
  };
  if (needs_cluster_ip(old) && !needs_cluster_ip(next))
    for (std::string_view key : {"clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"})
      drop_untouched(key);
  if (needs_node_ports(old) && !needs_node_ports(next) &&
      same_node_ports(spec.get("ports"), before.get("ports")))
    for_each_item(spec, "ports", [](draft& port) { port.erase("nodePort"); });
  if (needs_health_check_port(old) && !needs_health_check_port(next))
    drop_untouched("healthCheckNodePort");
  bool was_balancer = before.get("type").str() == "LoadBalancer";
  if (was_balancer && spec.get("type").str() != "LoadBalancer")
    for (std::string_view key : {"allocateLoadBalancerNodePorts", "loadBalancerClass"})
      drop_untouched(key);
  if (is_externally_accessible(old) && !is_externally_accessible(next))
    drop_untouched("externalTrafficPolicy");
}

} // namespace

void apply_defaults(draft& service) {
  auto& spec = object_made(service, "spec");
  default_affinity(spec);
  default_text(spec, "type", "ClusterIP");
  for_each_item(spec, "ports", default_port);
  auto type = std::string(spec.get("type").str());
  if (is_externally_accessible(service))
    default_text(spec, "externalTrafficPolicy", "Cluster");
  if (needs_cluster_ip(service))
    default_to(spec, "internalTrafficPolicy", "Cluster");
  if (type != "LoadBalancer")
    return;
  default_to(spec, "allocateLoadBalancerNodePorts", true);
  if (auto* status = object_at(service, "status"))
    if (auto* balancer = object_at(*status, "loadBalancer"))
      for_each_item(*balancer, "ingress", [](draft& ingress) {
        if (has_text(ingress, "ip"))
          default_to(ingress, "ipMode", "VIP");
      });
}

void prepare_create(const change_context&, draft& service) {
  service.erase("status");
  match_cluster_ips(object_made(service, "spec"), draft());
  default_families(service);
}

void prepare_update(const change_context&, draft& next, const draft& old) {
  copy_member(next, old, "status");
  carry_allocated(next, old);
  match_cluster_ips(object_made(next, "spec"), old.get("spec"));
  drop_fields_of_old_type(next, old);
  default_families(next);
}

} // namespace actors::apiserver::registry::core::service
