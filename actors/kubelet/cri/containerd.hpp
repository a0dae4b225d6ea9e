// The container runtime behind a CRI v1 socket (containerd; any CRI runtime would do).
#pragma once
#include <memory>
#include "actors/kubelet/cri/container_runtime.hpp"

namespace actors::kubelet::cri {

/// Limits of the calls, in seconds. A call beyond its limit throws error_code::deadline.
struct call_limits {
  int64_t query_s = 10;       ///< list, status, version
  int64_t change_s = 120;     ///< run, create, start, remove, stop sandbox
  int64_t stop_margin_s = 30; ///< on top of a container's grace period
  int64_t exec_margin_s = 2;  ///< on top of exec_sync's own timeout
  int64_t pull_s = 900;
};

/// `endpoint`: "unix:///path/to/containerd.sock". Connects lazily and again after a lost connection.
std::unique_ptr<container_runtime> connect_containerd(const std::string& endpoint, call_limits limits = {});

} // namespace actors::kubelet::cri
