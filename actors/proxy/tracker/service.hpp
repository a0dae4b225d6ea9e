// What the proxy reads of Services and EndpointSlices: plain values, no API types, no CAF.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace actors::proxy::tracker {

enum class protocol : uint8_t { tcp, udp, sctp };

// "TCP", "" (the API's default) -> tcp; nullopt for an unknown one.
std::optional<protocol> parse_protocol(std::string_view text);
std::string_view to_string(protocol p); // "tcp"

enum class traffic_policy : uint8_t {
  cluster, // every endpoint of the cluster
  local,   // only endpoints of this node
};

struct object_key {
  std::string name_space;
  std::string name;

  auto operator<=>(const object_key&) const = default;
};

struct service_port {
  std::string name;
  tracker::protocol protocol = tracker::protocol::tcp;
  uint16_t port = 0;
  uint16_t node_port = 0; // 0: none

  bool operator==(const service_port&) const = default;
};

struct service {
  object_key key;
  std::string type;       // "ClusterIP", "NodePort", "LoadBalancer", "ExternalName"
  std::string cluster_ip; // "", "None" or an address
  std::vector<service_port> ports;
  std::chrono::seconds affinity{0}; // sessionAffinity: ClientIP with this timeout; 0: None
  traffic_policy internal_policy = traffic_policy::cluster;
  traffic_policy external_policy = traffic_policy::cluster;
  std::string proxy_name; // label service.kubernetes.io/service-proxy-name: someone else's when set

  bool operator==(const service&) const = default;
};

// A name that the service's port refers to, and the number behind it on these endpoints.
struct slice_port {
  std::string name;
  tracker::protocol protocol = tracker::protocol::tcp;
  std::optional<uint16_t> port; // nullopt: no port is exposed

  bool operator==(const slice_port&) const = default;
};

struct endpoint {
  std::string address; // the first one: consumers use only that
  bool ready = true;
  bool serving = true;
  bool terminating = false;
  std::string node_name;

  bool operator==(const endpoint&) const = default;
};

struct endpoint_slice {
  object_key key;
  std::string service_name; // label kubernetes.io/service-name; "" belongs to no service
  std::string address_type; // "IPv4", "IPv6", "FQDN"
  std::vector<slice_port> ports;
  std::vector<endpoint> endpoints;

  bool operator==(const endpoint_slice&) const = default;
};

} // namespace actors::proxy::tracker
