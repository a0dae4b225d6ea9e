// A host's measurements as lines of words, for the control socket: `measure`.
//
//   host NAME VERSION WALL_US CPU_SECONDS RESIDENT DESCRIPTORS START
//   actor <the words of a `ps` row> PARENT HANDLED EPOCH TAKEOVERS SWAPS
//   times MESSAGE SECONDS COUNT...          of the actor before
//   link PEER STATE REASON ROUND_TRIP_US BYTES_IN BYTES_OUT
//   refused REASON COUNT
//
// Several hosts follow each other, each with its `host` line.
#pragma once

#include "runtime/control/protocol.hpp"
#include "runtime/telemetry/host_sample.hpp"

namespace runtime::control {

std::vector<words> encode_sample(const telemetry::host_sample& sample);
/// Nothing for lines of another version.
std::optional<std::vector<telemetry::host_sample>> decode_samples(const std::vector<words>& lines);

} // namespace runtime::control
