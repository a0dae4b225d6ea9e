// The commands with which operators look at a running host: `measure` (top, /metrics, tree, the web page) and `trace`.
#pragma once

#include "runtime/control/command_table.hpp"
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
  /// Adds the host's links; may be null.
  std::function<void(telemetry::host_sample&)> add_links;
  /// The other hosts that can be reached now; null: there is one host only.
  std::function<std::vector<std::string>()> peers;
  /// Asks another host's command table; blocks until the deadline at most.
  std::function<reply(const std::string& host, const words& request, std::chrono::steady_clock::time_point until)> ask_peer;
};

/// How long `measure` waits for other hosts; those that answer later are left out.
constexpr std::chrono::milliseconds measure_time_max{1'500};

/// `measure`: this host. `measure all`: and every host that answers in time.
/// `everywhere COMMAND...`: a command that only looks, on this host and on all others that answer in time.
/// `trace ACTOR TYPE MATCH RATE`: lines as trace_stream.hpp says, until the client goes.
void add_observing_commands(command_table& commands, observed what);

telemetry::host_sample sample_host(const observed& what);

/// The answers of all peers to one request, asked at the same time; a refusal or silence is an answer with an error.
std::vector<std::pair<std::string, reply>> ask_peers(const observed& what, const words& request,
                                                     std::chrono::steady_clock::time_point until);

} // namespace runtime::control
