// `trace` over the control socket: the request's words, and the lines that come back until the client goes.
//
//   request  trace ACTOR TYPE MATCH RATE        TYPE and MATCH may be empty
//   lines    error TEXT                          the only line
//            event WALL_US in|out PEER TYPE MICROSECONDS TEXT      MICROSECONDS -1: not measured
//            left COUNT                          at least once a second: how many were left out since the last one
#pragma once

#include "runtime/control/command_table.hpp"
#include "runtime/telemetry/trace.hpp"

#include <chrono>
#include <variant>

namespace runtime::control {

/// How often a client that gets nothing is looked for.
constexpr std::chrono::milliseconds trace_heartbeat{500};

words encode_trace_request(const telemetry::trace_filter& filter);
/// The filter, or what is wrong with the request.
std::variant<telemetry::trace_filter, std::string> decode_trace_request(const words& request);

words encode_trace_event(const telemetry::trace_event& event);
std::optional<telemetry::trace_event> decode_trace_event(const words& line);

/// "", or that the host has no such actor and which may have been meant.
std::string unknown_actor(const telemetry::actor_table& table, const std::string& id);

/// Runs a trace until the client goes.
void stream_trace(const std::shared_ptr<telemetry::actor_table>& actors, const words& request, const emit& line);

} // namespace runtime::control
