// Service, v1.
#pragma once

#include "actors/apiserver/registry/kind.hpp"

namespace actors::apiserver::registry::core::service {

kind describe();

// Questions about a Service's type that several files here ask.
bool is_headless(const draft& service);
bool is_externally_accessible(const draft& service);
bool needs_cluster_ip(const draft& service);
bool needs_node_ports(const draft& service);
bool needs_health_check_port(const draft& service);

} // namespace actors::apiserver::registry::core::service
