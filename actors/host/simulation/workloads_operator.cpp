#include "actors/host/simulation/workloads_operator.hpp"

#include "actors/controllers/deployment/deployment_controller.hpp"
#include "actors/controllers/endpoints/endpoints_controller.hpp"
#include "actors/controllers/endpointslice/endpointslice_controller.hpp"
#include "actors/controllers/garbagecollector/garbagecollector_controller.hpp"
#include "actors/controllers/namespace/namespace_controller.hpp"
#include "actors/controllers/nodelifecycle/nodelifecycle_controller.hpp"
#include "actors/controllers/podgc/podgc_controller.hpp"
#include "actors/controllers/replicaset/replicaset_controller.hpp"
#include "actors/controllers/serviceaccount/serviceaccount_controller.hpp"
#include "actors/keeper/keeper_actor.hpp"
#include "runtime/hotswap/messages.hpp"

#include <future>

namespace actors::host::simulation {

namespace {

using runtime::control::reply;

/// One request at a time; its answer is looked for with the next.
struct desk {
  std::future<reply> answer;
  int waited = 0;

  bool free(world& on) {
    if (!answer.valid())
      return true;
    if (answer.wait_for(std::chrono::seconds{0}) != std::future_status::ready)
      return ++waited > patience; // its keeper is frozen, or on a host that is gone
    try {
      on.sim.probes().count(answer.get().error.empty() ? "operator: done" : "operator: refused");
    } catch (const std::future_error&) {
      on.sim.probes().count("operator: the keeper ended before it answered");
    }
    return true;
  }
  static constexpr int patience = 5;
};

std::vector<std::string> singletons_of(world& on) {
  std::vector<std::string> result;
  for (const auto& [key, item] : on.admin().cache(client::roles).entries())
    if (const auto role = shown(client::roles, item); !role.at({"spec", "role"}).str().starts_with("store/"))
      result.emplace_back(role.at({"spec", "role"}).str());
  return result;
}

using runtime::control::words;

std::string some_shard(world& on) {
  const auto disks = on.sim.disks();
  return "store/" + std::next(disks.begin(), static_cast<long>(on.chance.below(disks.size())))->first;
}

words some_request(world& on, const std::string& host) {
  const auto roles = singletons_of(on);
  const auto kind = on.chance.below(100);
  if (kind < 45 && !roles.empty())
    return {"move", roles[on.chance.below(roles.size())], host};
  if (kind < 65)
    return {"move", some_shard(on), host};
  if (kind < 80)
    return {"drain", host};
  return {"apply", placement_of(on.plan.shape)}; // as it was in the beginning
}

words some_shard_move(world& on, const std::string& host) {
  const auto kind = on.chance.below(100);
  if (kind < 80)
    return {"move", some_shard(on), host};
  if (kind < 90)
    return {"drain", host};
  return {"apply", placement_of(on.plan.shape)};
}

void ask_again_and_again(world& on, const workload_entry& entry, words (*choose)(world&, const std::string& host)) {
  auto at = std::make_shared<desk>();
  on.repeat(entry.every, on.chance, [&on, at, choose] {
    const auto& names = on.sim.host_names();
    const auto request = choose(on, names[on.chance.below(names.size())]);
    const auto asked = names[on.chance.below(names.size())];
    const auto keeper = on.sim.handle_of(asked, "keeper/" + asked);
    if (!keeper || !at->free(on))
      return;
    auto promise = std::make_shared<std::promise<reply>>();
    at->answer = promise->get_future();
    at->waited = 0;
    caf::anon_send(caf::actor_cast<caf::actor>(keeper), keeper::operator_command{request, std::move(promise)});
  });
}

using factory = std::unique_ptr<controllers::framework::controller> (*)(const runtime::host::role_context&);

template <class Controller>
std::unique_ptr<controllers::framework::controller> make(const runtime::host::role_context& context) {
  if constexpr (std::is_constructible_v<Controller, runtime::seams::clock_ptr>)
    return std::make_unique<Controller>(context.clock);
  else if constexpr (std::is_constructible_v<Controller, runtime::seams::clock_ptr, runtime::telemetry::logger>)
    return std::make_unique<Controller>(context.clock, context.log);
  else
    return std::make_unique<Controller>();
}

const std::pair<const char*, factory> swappable_roles[] = {
  {"controllers/deployment", make<controllers::deployment::deployment_controller>},
  {"controllers/endpoints", make<controllers::endpoints::endpoints_controller>},
  {"controllers/endpointslice", make<controllers::endpointslice::endpointslice_controller>},
  {"controllers/garbagecollector", make<controllers::garbagecollector::garbagecollector_controller>},
  {"controllers/namespace", make<controllers::namespaces::namespace_controller>},
  {"controllers/nodelifecycle", make<controllers::nodelifecycle::nodelifecycle_controller>},
  {"controllers/podgc", make<controllers::podgc::podgc_controller>},
  {"controllers/replicaset", make<controllers::replicaset::replicaset_controller>},
  {"controllers/serviceaccount", make<controllers::serviceaccount::serviceaccount_controller>},
};

} // namespace

void moves(world& on, const workload_entry& entry) {
  ask_again_and_again(on, entry, some_request);
}

void shard_moves(world& on, const workload_entry& entry) {
  ask_again_and_again(on, entry, some_shard_move);
}

void swaps(world& on, const workload_entry& entry) {
  constexpr int64_t probation_us = 2'000'000;
  on.repeat(entry.every, on.chance, [&on] {
    const auto& [role, make_one] = swappable_roles[on.chance.below(std::size(swappable_roles))];
    std::vector<std::string> hosts; // the one that owns it, and those that stand by
    for (const auto& name : on.sim.host_names())
      if (on.sim.handle_of(name, role))
        hosts.push_back(name);
    if (hosts.empty())
      return;
    const auto& name = hosts[on.chance.below(hosts.size())];
    auto context = on.sim.user_context(role);
    context.clock = on.sim.host(name).clock;
    runtime::hotswap::version what{.role = role, .name = "another", .file = {}, .kept = {}, .hash = {}, .make = {}};
    runtime::hotswap::swap_order order{.what = std::make_shared<const runtime::hotswap::version>(std::move(what)),
                                       .object = make_one(context)};
    order.rules.duration_us = probation_us;
    on.sim.probes().count("operator: swap");
    caf::anon_send(caf::actor_cast<caf::actor>(on.sim.handle_of(name, role)), std::move(order));
  });
}

} // namespace actors::host::simulation
