// Runs what the command line asks for.
#pragma once

#include "actors/host/command_line.hpp"
#include "runtime/host/role.hpp"

#include <span>
#include <string>
#include <vector>

namespace actors::host {

/// Exit codes.
constexpr int exit_done = 0;
constexpr int exit_failed = 1;
constexpr int exit_usage = 2; ///< the command line or the placement file is wrong

/// The whole program. `arguments`: without its name.
int run(const std::vector<std::string>& arguments, const std::vector<runtime::host::role_descriptor>& roles);

/// `troupe host`: returns when the host has stopped.
int run_host(const request& request, std::span<const runtime::host::role_descriptor> roles);

} // namespace actors::host
