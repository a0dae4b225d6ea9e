// What `troupe top` shows: actors of all hosts, busiest first. Pure.
#pragma once

#include "runtime/telemetry/host_sample.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace actors::host::commands {

enum class top_order : uint8_t { rate, mailbox, latency, busy };

/// "rate", "mailbox", "latency", "busy".
std::optional<top_order> parse_top_order(std::string_view text);

struct top_view {
  top_order order = top_order::rate;
  size_t lines = 0;   ///< of the terminal; 0: all
  size_t columns = 0; ///< the same
};

/// Rates and times are of the time between the two samples of a host; without an earlier one, the host's own rate and the
/// times since its start.
std::string render_top(std::span<const runtime::telemetry::host_sample> now,
                       std::span<const runtime::telemetry::host_sample> before, const top_view& view);

} // namespace actors::host::commands
