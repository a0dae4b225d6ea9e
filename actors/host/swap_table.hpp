// What `troupe swap` prints. Pure.
#pragma once

#include "runtime/mesh/commands.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace actors::host {

/// "500ms", "30s", "5m", "2h"; nullopt: no time, or none at all.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

/// The answer to `swap` and `swap-rollback`.
std::string render_swap(const std::string& role, const runtime::control::reply& answer);
/// The hosts' answers to `swap-history`.
std::string render_history(const std::vector<runtime::mesh::host_reply>& hosts);
/// Where `role` acts, or else its only host. Throws std::runtime_error if it is on none, or on several and acts on none.
std::string host_of_role(const std::vector<runtime::mesh::host_reply>& hosts, const std::string& role);

} // namespace actors::host
