// The rules that give pods the node's address when they talk to the world outside of the cluster. Pure text.
#pragma once

#include "actors/podnetwork/plan/model.hpp"

namespace actors::podnetwork::plan {

inline constexpr const char* masquerade_chain = "postrouting";

// One transaction that makes the table, or makes an existing one what it must be. Between pods, and from pods to
// `direct_nodes`, the pod's own address stays; everything else would not find the way back.
std::string masquerade_commands(const std::string& table, const ipv4_network& cluster,
                                const std::set<ipv4>& direct_nodes);

// Also when there is no such table.
std::string remove_masquerade_commands(const std::string& table);

} // namespace actors::podnetwork::plan
