#include "actors/host/simulation/fence_guard.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace actors::host::simulation {

namespace {

client::draft empty() {
  return client::draft::make_object();
}
client::draft a_pod() {
  using client::draft;
  const auto container = draft::make_object({{"name", "app"}, {"image", "app:v1"}});
  return draft::make_object({{"spec", draft::make_object({{"containers", draft::make_array({container})}})}});
}
client::draft an_event() {
  using client::draft;
  return draft::make_object({{"involvedObject", draft::make_object({{"kind", "Pod"}, {"namespace", "default"}, {"name", "app"}})}});
}

constexpr shard_probe all_probes[] = {
  {"main", &client::configmaps, empty},
  {"pods", &client::pods, a_pod},
  {"leases", &client::leases, empty},
  {"events", &client::events, an_event},
};

} // namespace

std::span<const shard_probe> shard_probes() {
  return all_probes;
}

bool fence_guard::must_refuse(world& of, const std::string& shard, const std::string& role, int64_t epoch) {
  const auto& folders = of.sim.folders();
  return folders.host_of(shard) == folders.host_of("main") || folders.holder_of(shard)->fence(role) > epoch;
}

void fence_guard::look(world& of) {
  for (const auto& name : of.sim.host_names()) {
    const auto& host = of.sim.host(name);
    if (!host.running)
      continue;
    for (const auto& [role, epoch] : host.table->epochs())
      granted_[role] = std::max(granted_[role], epoch);
  }
  std::vector<std::pair<std::string, int64_t>> over;
  for (const auto& [role, epoch] : granted_)
    if (epoch > 1)
      over.emplace_back(role, epoch - 1);
  if (over.empty())
    return;
  const auto number = tried_++;
  const auto& shard = all_probes[number % std::size(all_probes)];
  const auto& [role, epoch] = over[number / std::size(all_probes) % over.size()];
  if (!must_refuse(of, shard.shard, role, epoch))
    return;
  of.witness().write_as(role, epoch, *shard.what, fmt::format("former-owner-{}", number), shard.content(),
                        [&of, name = shard.shard, role = role, epoch = epoch](int code, bool fenced, const std::string&) {
                          of.sim.probes().count(fenced ? fmt::format("fencing: refused by shard {}", name) : "fencing: not answered");
                          if (code < 400)
                            of.violations.push_back({"fencing", fmt::format("{} wrote to shard {} with epoch {} although epoch {} had been granted",
                                                                            role, name, epoch, epoch + 1)});
                        });
}

} // namespace actors::host::simulation
