// `swap`, `swap-history` and `swap-rollback` of the control socket. They run on threads of the control server, so that
// neither the disk nor the dynamic linker holds up a worker of CAF.
//
//   swap           ROLE FILE PROBATION_MS   -> rows of (name, value)
//   swap-rollback  ROLE                     -> rows of (name, value)
//   swap-history   [ROLE]                   -> rows "now" role version state left_us "active"|"standby", then rows "record" at_us role
//                                              outcome version file hash reason pause_us
#pragma once

#include "runtime/control/command_table.hpp"
#include "runtime/hotswap/version_table.hpp"

namespace runtime::hotswap {

/// For the new version to be made ready beside the old one; then the swap is refused.
constexpr std::chrono::milliseconds prepare_time_max{8'000};

void add_commands(control::command_table& commands, caf::actor_system& system,
                  const std::shared_ptr<version_table>& versions);

} // namespace runtime::hotswap
