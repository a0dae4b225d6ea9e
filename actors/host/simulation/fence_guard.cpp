#include "actors/host/simulation/fence_guard.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace actors::host::simulation {

void fence_guard::look(world& of) {
  for (const auto& name : of.sim.host_names()) {
    const auto& host = of.sim.host(name);
    if (!host.running)
      continue;
    for (const auto& row : host.table->samples())
      if (row.epoch > 0)
        granted_[row.row.id] = std::max(granted_[row.row.id], row.epoch);
  }
  std::vector<std::pair<std::string, int64_t>> over;
  for (const auto& [role, epoch] : granted_)
    if (epoch > 1)
      over.emplace_back(role, epoch - 1);
  if (over.empty())
    return;
  const auto& [role, epoch] = over[tried_ % over.size()];
  of.witness().write_as(role, epoch, fmt::format("former-owner-{}", ++tried_),
                        [&of, role = role, epoch = epoch](int code, bool fenced, const std::string&) {
                          of.sim.probes().count(fenced ? "fencing: refused" : "fencing: not answered");
                          if (code < 400)
                            of.violations.push_back(
                              {"fencing", fmt::format("{} wrote with epoch {} although epoch {} had been granted", role, epoch, epoch + 1)});
                        });
}

} // namespace actors::host::simulation
