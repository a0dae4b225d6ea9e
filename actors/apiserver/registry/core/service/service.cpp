// Service: its descriptor and table.
#include "actors/apiserver/registry/core/service/service.hpp"

#include <set>

#include "actors/apiserver/registry/core/service/strategy.hpp"
#include "actors/apiserver/registry/core/service/validation.hpp"
#include "actors/apiserver/registry/fields.hpp"
#include "actors/apiserver/registry/meta/labels.hpp"
#include "actors/apiserver/registry/meta/strategy.hpp"
#include "actors/apiserver/registry/table/columns.hpp"
#include "actors/apiserver/registry/verbs.hpp"

namespace actors::apiserver::registry::core::service {

bool is_headless(const draft& service) {
  auto& list = service.get("spec").get("clusterIPs").items();
  return list.size() == 1 && list.front().str() == "None";
}

bool is_externally_accessible(const draft& service) {
  auto& spec = service.get("spec");
  auto type = spec.get("type").str();
  return type == "LoadBalancer" || type == "NodePort" ||
         (type == "ClusterIP" && !spec.get("externalIPs").empty());
}

bool needs_cluster_ip(const draft& service) {
  auto type = service.get("spec").get("type").str();
  return type == "ClusterIP" || type == "NodePort" || type == "LoadBalancer";
}

bool needs_node_ports(const draft& service) {
  auto& spec = service.get("spec");
  auto type = spec.get("type").str();
  return type == "NodePort" ||
         (type == "LoadBalancer" && spec.get("allocateLoadBalancerNodePorts").boolean(true));
}

bool needs_health_check_port(const draft& service) {
  auto& spec = service.get("spec");
  return spec.get("type").str() == "LoadBalancer" && spec.get("externalTrafficPolicy").str() == "Local";
}

namespace {

void append(std::string& list, std::string_view item) { list.append(list.empty() ? "" : ",").append(item); }

std::string external_ip(const draft& service) {
  auto& spec = service.get("spec");
  auto type = spec.get("type").str();
  if (type == "ExternalName")
    return std::string(spec.get("externalName").str());
  if (!needs_cluster_ip(service))
    return "<unknown>";
  std::string out;
  if (type == "LoadBalancer") {
    std::set<std::string_view> addresses;
    for (auto& ingress : service.get("status").get("loadBalancer").get("ingress").items()) {
      auto address = has_text(ingress, "ip") ? ingress.get("ip").str() : ingress.get("hostname").str();
      if (!address.empty())
        addresses.insert(address);
    }
    for (auto address : addresses)
      append(out, address);
  }
  for (auto& address : spec.get("externalIPs").items())
    append(out, address.str());
  if (!out.empty())
    return out;
  return type == "LoadBalancer" ? "<pending>" : "<none>";
}

std::string port_list(const draft& ports) {
  std::string out;
  for (auto& port : ports.items()) {
    auto text = std::to_string(port.get("port").integer());
    if (auto node_port = port.get("nodePort").integer())
      text += ":" + std::to_string(node_port);
    append(out, text + "/" + std::string(port.get("protocol").str()));
  }
  return table::or_none(out);
}

void cells(const draft& service, int64_t now_seconds, std::vector<draft>& out) {
  auto& spec = service.get("spec");
  auto& addresses = spec.get("clusterIPs").items();
  out.push_back(table::name_of(service));
  out.push_back(spec.get("type").str());
  out.push_back(table::or_none(addresses.empty() ? std::string_view() : addresses.front().str()));
  out.push_back(external_ip(service));
  out.push_back(port_list(spec.get("ports")));
  out.push_back(table::age(service, now_seconds));
  out.push_back(meta::format_labels(spec.get("selector")));
}

} // namespace

kind describe() {
  kind k{.group = "", .version = "v1", .name = "Service", .plural = "services", .singular = "service"};
  k.short_names = {"svc"};
  k.categories = {"all"};
  k.shard = "main";
  k.key_prefix = "/services/";
  k.verbs = all_verbs;
  k.subresources = {status_subresource("Service")};
  k.has_status = true;
  k.allow_create_on_update = true;
  k.selectable_fields = {{"spec.clusterIP", {"spec", "clusterIP"}}, {"spec.type", {"spec", "type"}}};
  k.apply_defaults = apply_defaults;
  k.prepare_create = prepare_create;
  k.prepare_update = prepare_update;
  k.prepare_status_update = meta::keep_spec;
  k.validate = validate;
  k.validate_update = validate_update;
  k.validate_status_update = validate_status_update;
  k.columns = {table::name_column,
               table::text_column("Type", "How the service is exposed."),
               table::text_column("Cluster-IP", "The address of the service within the cluster."),
               table::text_column("External-IP", "Addresses of the service outside of the cluster."),
               table::text_column("Port(s)", "The ports of the service, with node ports after a colon."),
               table::age_column,
               table::text_column("Selector", "Which pods answer.", 1)};
  k.cells = cells;
  return k;
}

} // namespace actors::apiserver::registry::core::service
