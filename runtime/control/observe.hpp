// The commands with which operators look at a running host: `measure` (top, /metrics, tree, the web page) and `trace`.
#pragma once

#include "runtime/control/command_table.hpp"
#include "runtime/seams/clock.hpp"
#include "runtime/telemetry/actor_table.hpp"
#include "runtime/telemetry/host_sample.hpp"
#include "runtime/telemetry/trace.hpp"

#include <functional>
#include <memory>
#include <string>

namespace runtime::control {

/// What the commands look at. All functions may be called from any thread.
struct observed {
  std::string host;
  std::string version;
  std::shared_ptr<telemetry::actor_table> actors;
  /// Adds the host's links.
  std::function<void(telemetry::host_sample&)> add_links;
  seams::clock_ptr clock;
};

/// `measure`: this host; `all measure` (runtime/mesh/commands.hpp) asks every host.
/// `trace ACTOR TYPE MATCH RATE`: lines as trace_stream.hpp says, until the client goes; `trace-piece`: for other hosts.
void add_observing_commands(command_table& commands, observed what);

} // namespace runtime::control
