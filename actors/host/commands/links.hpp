// `troupe links`: the links between hosts, as each of them sees it.
#pragma once

#include "actors/host/client_command.hpp"
#include "runtime/mesh/commands.hpp"

#include <span>

namespace actors::host {

client_command links_command();

/// `now_us`: wall time, for how long a state has lasted.
std::string render_links(std::span<const runtime::mesh::host_reply> hosts, int64_t now_us);

} // namespace actors::host
