// Small services and slices for the proxy's tests.
#pragma once

#include "actors/proxy/tracker/service_tracker.hpp"

namespace samples {

using namespace actors::proxy::tracker;

inline service web(const char* name = "web", const char* ip = "10.96.0.10", uint16_t node_port = 0) {
  return {
    {"default", name}, node_port ? "NodePort" : "ClusterIP", ip, {{"http", protocol::tcp, 80, node_port}}};
}

inline endpoint at(const char* address, const char* node = "node-a") {
  return {address, true, true, false, node};
}

inline endpoint_slice slice(std::vector<endpoint> endpoints, const char* service_name = "web",
                            const char* name = "web-1") {
  return {{"default", name}, service_name, "IPv4", {{"http", protocol::tcp, 8080}}, std::move(endpoints)};
}

inline ipv4 ip(const char* text) { return parse_ipv4(text).value(); }

} // namespace samples
