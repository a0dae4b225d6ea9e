// The endpoints that a Service should have, grouped by the ports that its pods really have. Pure.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "actors/controllers/framework/service_pods.hpp"

namespace actors::controllers::endpointslice {

using client::draft;

/// Endpoints that share a slice: their ports are equal.
struct endpoint_group {
  draft ports;                  // the array of a slice
  std::vector<draft> endpoints; // in order of the pods' keys
};

/// A pod and the zone of its node.
struct located_pod {
  const framework::Pod* pod = nullptr;
  std::string zone;
};

/// One endpoint of `pod`, which has an address.
draft endpoint_of(const located_pod& pod, const framework::Service& service);
/// The ports under which `pod` serves; named target ports that it lacks are left out.
draft ports_of(const framework::Pod& pod, const framework::Service& service);
/// Equal for equal sets of ports, whatever their order and whether read back or just built.
std::string port_key(const draft& ports);
/// `pods`: all that the selector selects; those that cannot be endpoints are skipped.
std::vector<endpoint_group> group_endpoints(const framework::Service& service, const std::vector<located_pod>& pods);

} // namespace actors::controllers::endpointslice
