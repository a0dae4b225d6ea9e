// EndpointSlice: some of the addresses behind a Service.
#include "actors/apiserver/registry/discovery/endpointslice/endpointslice.hpp"

#include <set>

#include "actors/apiserver/registry/fields.hpp"
#include "actors/apiserver/registry/meta/labels.hpp"
#include "actors/apiserver/registry/meta/network.hpp"
#include "actors/apiserver/registry/meta/object_meta.hpp"
#include "actors/apiserver/registry/meta/strategy.hpp"
#include "actors/apiserver/registry/table/columns.hpp"
#include "actors/apiserver/registry/verbs.hpp"

namespace actors::apiserver::registry::discovery::endpointslice {

namespace {

constexpr int64_t endpoints_max = 1000;
constexpr int64_t addresses_max = 100;
constexpr int64_t ports_max = 20000;
constexpr int64_t topology_labels_max = 16;
constexpr int64_t hints_max = 8;
constexpr size_t shown_max = 3;

void apply_defaults(draft& object) {
  for_each_item(object, "ports", [](draft& port) {
    default_to(port, "name", "");
    default_text(port, "protocol", "TCP");
  });
}

void prepare_create(const change_context&, draft& object) { meta::begin_generation(object); }

void prepare_update(const change_context&, draft& next, const draft& old) {
  bool changed = next.get("metadata").get("labels") != old.get("metadata").get("labels");
  for (std::string_view key : {"addressType", "endpoints", "ports"})
    changed |= !meta::semantically_equal(next.get(key), old.get(key));
  meta::bump_generation(next, old, changed);
}

void validate_address(std::string_view address, std::string_view type, const path& field, field_errors& out) {
  auto family = meta::family_of(address);
  if (type == "IPv4" || type == "IPv6") {
    bool fits = family == (type == "IPv4" ? meta::ip_family::v4 : meta::ip_family::v6);
    if (!fits)
      out.push_back(invalid(field, address, "must be a valid " + std::string(type) + " address"));
    meta::validate_reachable_ip(address, field, out);
  } else if (type == "FQDN") {
    if (address.empty())
      out.push_back(required(field));
    else
      meta::add(out, field, address, meta::check_fully_qualified_domain(address));
  }
}

void validate_hints(const draft& hints, std::string_view list, const path& parent, field_errors& out) {
  auto field = parent.child(list);
  auto& items = hints.get(list).items();
  if (static_cast<int64_t>(items.size()) > hints_max)
    return out.push_back(too_many(field, static_cast<int64_t>(items.size()), hints_max));
  std::set<std::string_view> seen;
  for (size_t i = 0; i < items.size(); ++i) {
    auto name = items[i].get("name").str();
    meta::add(out, field.index(i).child("name"), name,
              list == "forZones" ? meta::check_label_value(name) : meta::check_dns1123_subdomain(name));
    if (!seen.insert(name).second)
      out.push_back(duplicate(field.index(i).child("name"), name));
  }
}

void validate_endpoint(const draft& endpoint, std::string_view type, const path& field, field_errors& out) {
  auto& addresses = endpoint.get("addresses").items();
  auto addresses_field = field.child("addresses");
  auto count = static_cast<int64_t>(addresses.size());
  if (count == 0)
    out.push_back(required(addresses_field, "must contain at least 1 address"));
  else if (count > addresses_max)
    out.push_back(too_many(addresses_field, count, addresses_max));
  for (size_t i = 0; i < addresses.size(); ++i)
    validate_address(addresses[i].str(), type, addresses_field.index(i), out);
  if (has(endpoint, "nodeName"))
    meta::add(out, field.child("nodeName"), endpoint.get("nodeName"),
              meta::check_dns1123_subdomain(endpoint.get("nodeName").str()));
  auto& topology = endpoint.get("deprecatedTopology");
  if (static_cast<int64_t>(topology.size()) > topology_labels_max)
    out.push_back(too_many(field.child("deprecatedTopology"), static_cast<int64_t>(topology.size()),
                           topology_labels_max));
  meta::validate_labels(topology, field.child("deprecatedTopology"), out);
  if (topology.contains("kubernetes.io/hostname"))
    out.push_back(invalid(field.child("deprecatedTopology").key("kubernetes.io/hostname"),
                          topology.get("kubernetes.io/hostname"), "may not be set, use nodeName instead"));
  if (has(endpoint, "hostname"))
    meta::add(out, field.child("hostname"), endpoint.get("hostname"),
              meta::check_dns1123_label(endpoint.get("hostname").str()));
  for (std::string_view list : {"forZones", "forNodes"})
    validate_hints(endpoint.get("hints"), list, field.child("hints"), out);
}

void validate_ports(const draft& ports, field_errors& out) {
  path field("ports");
  if (static_cast<int64_t>(ports.size()) > ports_max)
    return out.push_back(too_many(field, static_cast<int64_t>(ports.size()), ports_max));
  std::set<std::string_view> names;
  for (size_t i = 0; i < ports.size(); ++i) {
    auto& port = ports.items()[i];
    auto at = field.index(i);
    auto name = port.get("name").str();
    if (!name.empty())
      meta::add(out, at.child("name"), name, meta::check_dns1123_label(name));
    if (!names.insert(name).second)
      out.push_back(duplicate(at.child("name"), name));
    auto protocol = port.get("protocol").str();
    if (protocol.empty())
      out.push_back(required(at.child("protocol")));
    else if (protocol != "TCP" && protocol != "UDP" && protocol != "SCTP")
      out.push_back(not_supported(at.child("protocol"), protocol, {"SCTP", "TCP", "UDP"}));
    if (has(port, "appProtocol"))
      meta::add(out, at.child("appProtocol"), port.get("appProtocol"),
                meta::check_label_key(port.get("appProtocol").str()));
  }
}

void validate(const draft& object, field_errors& out) {
  meta::validate_object_meta(object, true, meta::name_is_dns_subdomain, out);
  auto type = object.get("addressType").str();
  if (type.empty())
    out.push_back(required("addressType"));
  else if (type != "IPv4" && type != "IPv6" && type != "FQDN")
    out.push_back(not_supported("addressType", type, {"FQDN", "IPv4", "IPv6"}));
  auto& endpoints = object.get("endpoints").items();
  auto count = static_cast<int64_t>(endpoints.size());
  if (count > endpoints_max)
    out.push_back(too_many("endpoints", count, endpoints_max));
  for (size_t i = 0; count <= endpoints_max && i < endpoints.size(); ++i)
    validate_endpoint(endpoints[i], type, path("endpoints").index(i), out);
  validate_ports(object.get("ports"), out);
}

void validate_update(const draft& next, const draft& old, field_errors& out) {
  meta::validate_object_meta_update(next, old, out);
  validate(next, out);
  meta::validate_immutable(next.get("addressType"), old.get("addressType"), path("addressType"), out);
}

std::string with_more(std::string list, size_t count) {
  if (count > shown_max)
    return list + " + " + std::to_string(count - shown_max) + " more...";
  return list.empty() ? "<unset>" : list;
}

std::string list_ports(const draft& ports) {
  std::string out;
  size_t count = 0;
  for (auto& port : ports.items()) {
    if (count++ >= shown_max)
      continue;
    out.append(out.empty() ? "" : ",");
    if (has(port, "port"))
      out += std::to_string(port.get("port").integer());
    else
      out += has(port, "name") ? port.get("name").str() : "*";
  }
  return with_more(out, count);
}

std::string list_endpoints(const draft& endpoints) {
  std::string out;
  size_t count = 0;
  for (auto& endpoint : endpoints.items())
    for (auto& address : endpoint.get("addresses").items())
      if (count++ < shown_max)
        out.append(out.empty() ? "" : ",").append(address.str());
  return with_more(out, count);
}

void cells(const draft& object, int64_t now_seconds, std::vector<draft>& out) {
  out.push_back(table::name_of(object));
  out.push_back(object.get("addressType").str());
  out.push_back(list_ports(object.get("ports")));
  out.push_back(list_endpoints(object.get("endpoints")));
  out.push_back(table::age(object, now_seconds));
}

} // namespace

kind describe() {
  kind k{.group = "discovery.k8s.io",
         .version = "v1",
         .name = "EndpointSlice",
         .plural = "endpointslices",
         .singular = "endpointslice"};
  k.shard = "main";
  k.key_prefix = "/endpointslices/";
  k.verbs = all_verbs;
  k.apply_defaults = apply_defaults;
  k.prepare_create = prepare_create;
  k.prepare_update = prepare_update;
  k.validate = validate;
  k.validate_update = validate_update;
  k.columns = {table::name_column, table::text_column("AddressType", "The family of the addresses."),
               table::text_column("Ports", "The first ports of the slice."),
               table::text_column("Endpoints", "The first addresses of the slice."), table::age_column};
  k.cells = cells;
  return k;
}

} // namespace actors::apiserver::registry::discovery::endpointslice
