// Endpoints: the older form of EndpointSlice, one object per Service.
#include "actors/apiserver/registry/core/endpoints/endpoints.hpp"

#include "actors/apiserver/registry/fields.hpp"
#include "actors/apiserver/registry/meta/network.hpp"
#include "actors/apiserver/registry/meta/object_meta.hpp"
#include "actors/apiserver/registry/meta/strategy.hpp"
#include "actors/apiserver/registry/table/columns.hpp"
#include "actors/apiserver/registry/verbs.hpp"

namespace actors::apiserver::registry::core::endpoints {

namespace {

constexpr size_t shown_max = 3;

void apply_defaults(draft& object) {
  for_each_item(object, "subsets", [](draft& subset) {
    for_each_item(subset, "ports", [](draft& port) { default_text(port, "protocol", "TCP"); });
  });
}

void validate_address(const draft& address, const path& field, field_errors& out) {
  auto ip = address.get("ip").str();
  meta::validate_ip(ip, field.child("ip"), out);
  if (has_text(address, "hostname"))
    meta::add(out, field.child("hostname"), address.get("hostname"),
              meta::check_dns1123_label(address.get("hostname").str()));
  if (has(address, "nodeName"))
    meta::add(out, field.child("nodeName"), address.get("nodeName"),
              meta::check_dns1123_subdomain(address.get("nodeName").str()));
  meta::validate_reachable_ip(ip, field.child("ip"), out);
}

void validate_port(const draft& port, bool name_required, const path& field, field_errors& out) {
  auto name = port.get("name").str();
  if (name.empty() && name_required)
    out.push_back(required(field.child("name")));
  else if (!name.empty())
    meta::add(out, field.child("name"), name, meta::check_dns1123_label(name));
  auto number = port.get("port").integer();
  meta::add(out, field.child("port"), number, meta::check_port_number(number));
  auto protocol = port.get("protocol").str();
  if (protocol.empty())
    out.push_back(required(field.child("protocol")));
  else if (protocol != "TCP" && protocol != "UDP" && protocol != "SCTP")
    out.push_back(not_supported(field.child("protocol"), protocol, {"SCTP", "TCP", "UDP"}));
  if (has(port, "appProtocol"))
    meta::add(out, field.child("appProtocol"), port.get("appProtocol"),
              meta::check_label_key(port.get("appProtocol").str()));
}

void validate_subsets(const draft& object, field_errors& out) {
  auto& subsets = object.get("subsets").items();
  for (size_t s = 0; s < subsets.size(); ++s) {
    auto at = path("subsets").index(s);
    if (subsets[s].get("addresses").empty() && subsets[s].get("notReadyAddresses").empty())
      out.push_back(required(at, "must specify `addresses` or `notReadyAddresses`"));
    for (std::string_view list : {"addresses", "notReadyAddresses"}) {
      auto& addresses = subsets[s].get(list).items();
      for (size_t i = 0; i < addresses.size(); ++i)
        validate_address(addresses[i], at.child(list).index(i), out);
    }
    auto& ports = subsets[s].get("ports").items();
    for (size_t i = 0; i < ports.size(); ++i)
      validate_port(ports[i], ports.size() > 1, at.child("ports").index(i), out);
  }
}

void validate(const draft& object, field_errors& out) {
  meta::validate_object_meta(object, true, meta::name_is_dns_subdomain, out);
  validate_subsets(object, out);
}

void validate_update(const draft& next, const draft& old, field_errors& out) {
  meta::validate_object_meta_update(next, old, out);
  validate_subsets(next, out);
}

std::string join_host_port(std::string_view ip, int64_t port) {
  bool v6 = ip.find(':') != ip.npos;
  return (v6 ? "[" + std::string(ip) + "]" : std::string(ip)) + ":" + std::to_string(port);
}

std::string list_endpoints(const draft& object) {
  auto& subsets = object.get("subsets").items();
  if (subsets.empty())
    return "<none>";
  std::string out;
  size_t count = 0;
  auto show = [&](const std::string& text) {
    if (count++ < shown_max)
      out.append(out.empty() ? "" : ",").append(text);
  };
  for (auto& subset : subsets) {
    auto& addresses = subset.get("addresses").items();
    auto& ports = subset.get("ports").items();
    if (ports.empty())
      for (auto& address : addresses)
        show(std::string(address.get("ip").str()));
    for (auto& port : ports)
      for (auto& address : addresses)
        show(join_host_port(address.get("ip").str(), port.get("port").integer()));
  }
  if (count > shown_max)
    out += " + " + std::to_string(count - shown_max) + " more...";
  return out;
}

void cells(const draft& object, int64_t now_seconds, std::vector<draft>& out) {
  out.push_back(table::name_of(object));
  out.push_back(list_endpoints(object));
  out.push_back(table::age(object, now_seconds));
}

} // namespace

kind describe() {
  kind k{.group = "", .version = "v1", .name = "Endpoints", .plural = "endpoints", .singular = "endpoints"};
  k.short_names = {"ep"};
  k.shard = "main";
  k.key_prefix = "/endpoints/";
  k.verbs = all_verbs;
  k.allow_create_on_update = true;
  k.apply_defaults = apply_defaults;
  k.prepare_create = meta::prepare_nothing_on_create;
  k.prepare_update = meta::prepare_nothing_on_update;
  k.validate = validate;
  k.validate_update = validate_update;
  k.columns = {table::name_column, table::text_column("Endpoints", "The first addresses that answer."),
               table::age_column};
  k.cells = cells;
  return k;
}

} // namespace actors::apiserver::registry::core::endpoints
