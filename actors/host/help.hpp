// The texts of --help, made from the options and the table of roles.
#pragma once

#include "actors/host/command_line.hpp"
#include "runtime/host/role.hpp"

#include <span>

namespace actors::host {

std::string version_text();

/// Of the program, or of one command.
std::string help_text(std::optional<command> what, std::span<const runtime::host::role_descriptor> roles);

} // namespace actors::host
