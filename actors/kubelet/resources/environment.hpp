// The environment of a container: services, ConfigMaps, Secrets, fields of the pod, $(VAR) expansion. Pure.
#pragma once
#include <memory>
#include <stdexcept>
#include "actors/kubelet/pods/pod_spec.hpp"

namespace actors::kubelet::resources {

/// The contents of the ConfigMaps and Secrets that a pod names; a null pointer: does not exist.
enum class object_kind { config_map, secret };
using object_data = std::map<std::string, std::string>;
struct object_key {
  object_kind kind;
  std::string name;
  auto operator<=>(const object_key&) const = default;
};
using object_table = std::map<object_key, std::shared_ptr<const object_data>>;

/// Every ConfigMap and Secret that a pod needs, for env and for volumes.
std::vector<object_key> referenced_objects(const pods::pod_spec&);

struct service_port {
  std::string name, protocol;
  int port = 0;
};
struct service_link {
  std::string ns, name, cluster_ip;
  std::vector<service_port> ports;
};

/// What a pod's containers are told about the pod as it is.
struct pod_facts {
  std::string host_ip;
  std::vector<std::string> pod_ips;
  pods::resource_amounts node_allocatable;
};

/// The reason becomes CreateContainerConfigError, with this text.
struct config_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

using env_list = std::vector<std::pair<std::string, std::string>>;
env_list make_environment(const pods::pod_spec&, const pods::container_spec&, const object_table&,
                          const std::vector<service_link>& services, const pod_facts&);

/// The variables of the services that a pod sees: its namespace's (unless enableServiceLinks is false) and
/// default/kubernetes.
pods::string_map service_variables(const pods::pod_spec&, const std::vector<service_link>&);

/// Replaces $(NAME) by its value; $$(NAME) is the escape; unknown names are left as they are.
std::string expand(std::string_view text, const std::map<std::string, std::string>& values);

/// The value of "metadata.name", "metadata.labels['x']", "status.podIP" ...; nullopt: not supported.
std::optional<std::string> field_value(const pods::pod_spec&, const pod_facts&, std::string_view path);
/// The value of "limits.cpu" of a container in units of the divisor, rounded up.
std::optional<std::string> resource_value(const pods::container_spec&, const pod_facts&,
                                          std::string_view resource, int64_t divisor_milli);

} // namespace actors::kubelet::resources
