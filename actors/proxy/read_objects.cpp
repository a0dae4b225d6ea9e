// FlatBuffers to the tracker's plain values.
#include "actors/proxy/read_objects.hpp"

#include "runtime/net/ipv4.hpp"
#include "messages/api/core/v1/service_generated.h"
#include "messages/api/discovery/v1/endpointslice_generated.h"

namespace actors::proxy {
namespace {

namespace core = messages::api::core::v1;
namespace discovery = messages::api::discovery::v1;
namespace meta = messages::api::meta::v1;

constexpr auto affinity_timeout_default = std::chrono::seconds(10800);
constexpr const char* proxy_name_label = "service.kubernetes.io/service-proxy-name";
constexpr const char* service_name_label = "kubernetes.io/service-name";

std::string text(const flatbuffers::String* value) { return value ? value->str() : std::string(); }

tracker::object_key key_of(const meta::ObjectMeta* metadata) {
  return metadata ? tracker::object_key{text(metadata->namespace_()), text(metadata->name())}
                  : tracker::object_key{};
}

std::string label(const meta::ObjectMeta* metadata, std::string_view name) {
  if (metadata && metadata->labels())
    for (const auto* entry : *metadata->labels())
      if (entry->key() && entry->key()->string_view() == name)
        return text(entry->value());
  return {};
}

tracker::traffic_policy policy(const flatbuffers::String* value) {
  return text(value) == "Local" ? tracker::traffic_policy::local : tracker::traffic_policy::cluster;
}

// 0 for what is no port number.
uint16_t port_number(int32_t value) {
  return value > 0 && value <= UINT16_MAX ? static_cast<uint16_t>(value) : 0;
}

std::string cluster_address(const core::ServiceSpec& spec) {
  if (spec.clusterIPs())
    for (const auto* address : *spec.clusterIPs())
      if (runtime::net::parse_ipv4(address->string_view()))
        return address->str();
  return text(spec.clusterIP());
}

std::chrono::seconds affinity(const core::ServiceSpec& spec) {
  if (text(spec.sessionAffinity()) != "ClientIP")
    return std::chrono::seconds(0);
  const auto* config = spec.sessionAffinityConfig();
  if (config && config->clientIP() && config->clientIP()->timeoutSeconds())
    return std::chrono::seconds(*config->clientIP()->timeoutSeconds());
  return affinity_timeout_default;
}

} // namespace

tracker::service read_service(const core::Service& object) {
  tracker::service result;
  result.key = key_of(object.metadata());
  result.proxy_name = label(object.metadata(), proxy_name_label);
  const auto* spec = object.spec();
  if (!spec)
    return result;
  result.type = text(spec->type());
  result.cluster_ip = cluster_address(*spec);
  result.affinity = affinity(*spec);
  result.internal_policy = policy(spec->internalTrafficPolicy());
  result.external_policy = policy(spec->externalTrafficPolicy());
  if (spec->ports())
    for (const auto* port : *spec->ports()) {
      const auto protocol = tracker::parse_protocol(text(port->protocol()));
      if (const auto number = port_number(port->port()); protocol && number != 0)
        result.ports.push_back({text(port->name()), *protocol, number, port_number(port->nodePort())});
    }
  return result;
}

tracker::endpoint_slice read_slice(const discovery::EndpointSlice& object) {
  tracker::endpoint_slice result;
  result.key = key_of(object.metadata());
  result.service_name = label(object.metadata(), service_name_label);
  result.address_type = text(object.addressType());
  if (object.ports())
    for (const auto* port : *object.ports()) {
      const auto protocol = tracker::parse_protocol(text(port->protocol()));
      if (!protocol)
        continue;
      const auto number = port_number(port->port().value_or(0));
      result.ports.push_back(
        {text(port->name()), *protocol, number != 0 ? std::optional(number) : std::nullopt});
    }
  if (object.endpoints())
    for (const auto* found : *object.endpoints()) {
      if (!found->addresses() || found->addresses()->size() == 0)
        continue;
      // Unknown counts as ready; serving follows ready where it is not said.
      const auto* conditions = found->conditions();
      const bool ready = !conditions || conditions->ready().value_or(true);
      result.endpoints.push_back(
        {found->addresses()->Get(0)->str(), ready, conditions ? conditions->serving().value_or(ready) : ready,
         conditions && conditions->terminating().value_or(false), text(found->nodeName())});
    }
  return result;
}

} // namespace actors::proxy
