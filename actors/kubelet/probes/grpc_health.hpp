// A gRPC probe: grpc.health.v1.Health/Check.
#pragma once
#include "actors/kubelet/probes/probe_io.hpp"

namespace actors::kubelet::probes {

attempt grpc_health(const std::string& authority, const std::string& service, int64_t timeout_s);

} // namespace actors::kubelet::probes
