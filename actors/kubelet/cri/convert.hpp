// Between the plain structs of container_runtime.hpp and CRI's messages. Internal to cri/.
#pragma once
#include "actors/kubelet/cri/api.pb.h"
#include "actors/kubelet/cri/container_runtime.hpp"

namespace actors::kubelet::cri {

void write(const string_map& from, google::protobuf::Map<std::string, std::string>& to);
void write(const sandbox_config& from, ::runtime::v1::PodSandboxConfig& to);
/// `sandbox` says which namespaces the container shares.
void write(const container_config& from, const sandbox_config& sandbox, ::runtime::v1::ContainerConfig& to);
sandbox read(const ::runtime::v1::PodSandbox& from);
sandbox read(const ::runtime::v1::PodSandboxStatus& from);
container read(const ::runtime::v1::Container& from);
container read(const ::runtime::v1::ContainerStatus& from);
image read(const ::runtime::v1::Image& from);

} // namespace actors::kubelet::cri
