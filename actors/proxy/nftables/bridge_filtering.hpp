// Packets between two pods on one bridge must pass the node's rules, or the answers of an endpoint on the
// client's own bridge reach it untranslated.
#pragma once

#include <optional>
#include <string>

namespace actors::proxy::nftables {

// Turns net.bridge.bridge-nf-call-iptables on (of this network namespace). Returns why that was not possible.
std::optional<std::string> allow_bridge_filtering();

} // namespace actors::proxy::nftables
