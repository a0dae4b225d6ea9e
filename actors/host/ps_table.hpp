// The two forms in which `troupe ps` prints actors.
#pragma once

#include "runtime/telemetry/actor_table.hpp"

#include <span>
#include <string>

namespace actors::host {

std::string render_table(std::span<const runtime::telemetry::actor_row> rows);
std::string render_json(std::span<const runtime::telemetry::actor_row> rows);

} // namespace actors::host
