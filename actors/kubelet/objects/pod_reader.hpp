// API objects into the kubelet's plain structs: pods, services, ConfigMaps, Secrets. Reads FlatBuffers
// accessors.
#pragma once
#include <optional>
#include "actors/kubelet/pods/pod_status.hpp"
#include "actors/kubelet/resources/environment.hpp"

namespace messages::api::core::v1 {
struct ConfigMap;
struct Pod;
struct Secret;
struct Service;
} // namespace messages::api::core::v1

namespace actors::kubelet::objects {

namespace core = messages::api::core::v1;

pods::pod_spec read_pod(const core::Pod&);
/// The status that the object has: what an earlier kubelet wrote. Nullopt when there is none yet.
std::optional<pods::pod_status> read_status(const core::Pod&);
resources::service_link read_service(const core::Service&);
resources::object_data read_data(const core::ConfigMap&);
resources::object_data read_data(const core::Secret&);

} // namespace actors::kubelet::objects
