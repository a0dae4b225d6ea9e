// The JSON that the web page shows: hosts with their links and actors, nodes, pods. Pure.
#pragma once

#include <span>
#include <string>

#include "actors/apiserver/cache/watch_cache.hpp"
#include "runtime/telemetry/host_sample.hpp"

namespace actors::apiserver::http {

/// Pods that are listed one by one, those that are not well first; all are counted.
constexpr size_t state_pods_max = 500;
constexpr size_t state_nodes_max = 500;

struct cluster_state {
  std::span<const runtime::telemetry::host_sample> hosts;
  std::string own_host;
  std::string user;
  bool may_act = false;
  int64_t now_us = 0;
};

std::string render_cluster_state(const cluster_state& state, cache::watch_cache& cache);

} // namespace actors::apiserver::http
