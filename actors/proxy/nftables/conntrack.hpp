// Removes stale UDP flows from the kernel's connection tracking, over netlink.
#pragma once

#include "actors/proxy/nftables/stale_flows.hpp"

#include <optional>
#include <string>

namespace actors::proxy::nftables {

// Looks at the tracked UDP flows once and removes those that `targets` calls stale. Returns the error's text.
std::optional<std::string> remove_stale_flows(const udp_targets& targets);

} // namespace actors::proxy::nftables
