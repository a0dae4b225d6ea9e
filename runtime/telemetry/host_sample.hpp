// Everything that is measured of one host at one moment: its actors, its links to other hosts, its process. What
// `troupe top`, /metrics and the web page show.
#pragma once

#include "runtime/telemetry/actor_sample.hpp"

#include <span>
#include <string>
#include <vector>

namespace runtime::telemetry {

struct link_sample {
  std::string peer;  ///< a host's name
  std::string state; ///< up, slow, down
  std::string reason;
  int64_t round_trip_us = -1; ///< below 0: unknown
  uint64_t bytes_in = 0;
  uint64_t bytes_out = 0;
};

struct process_sample {
  double cpu_seconds = 0;
  uint64_t resident_bytes = 0;
  uint64_t descriptors = 0;
  int64_t start_seconds = 0; ///< unix time
};

struct host_sample {
  std::string host;
  std::string version;
  int64_t wall_us = 0;
  process_sample process;
  std::vector<actor_sample> actors;
  std::vector<link_sample> links;
  /// Connections that the host refused, by reason.
  std::vector<std::pair<std::string, uint64_t>> refused_links;
};

/// This process, as the kernel sees it.
process_sample read_process();

/// Actors of one role on one host that /metrics shows one by one; those beyond are summed up under the name "others".
constexpr size_t metrics_actors_max = 100;

/// The metrics of all hosts, in Prometheus' text format.
void append_metrics(std::span<const host_sample> hosts, std::string& out);

} // namespace runtime::telemetry
