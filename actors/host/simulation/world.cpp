#include "actors/host/simulation/world.hpp"

namespace actors::host::simulation {

namespace {
constexpr uint64_t workload_purpose = 3;
constexpr uint64_t fault_purpose = 4;
} // namespace

const std::vector<const client::resource*>& watched_resources() {
  static const std::vector<const client::resource*> all{
    &client::deployments, &client::replicasets, &client::pods,           &client::nodes,     &client::services,
    &client::endpoints,   &client::namespaces,  &client::endpointslices, &client::roles,     &client::configmaps,
    &client::serviceaccounts, &client::placements};
  return all;
}

draft shown(const client::resource& what, const client::entry& item) {
  return messages::codec::unpack(what.type(), item.object);
}

template <class Actor>
Actor* world::spawn(const std::string& name, std::vector<const client::resource*> watched) {
  caf::strong_actor_ptr handle;
  auto context = sim.user_context(name);
  sim.time().on_host(sim.host("users").id, [&] {
    handle = caf::actor_cast<caf::strong_actor_ptr>(sim.time().system().spawn<Actor>(std::move(context), std::move(watched)));
  });
  actors_.push_back(handle);
  return static_cast<Actor*>(caf::actor_cast<caf::abstract_actor*>(handle));
}

world::world(cluster& sim, const scenario& plan)
  : sim(sim), plan(plan), chance(sim.options().seed, workload_purpose), fault_chance(sim.options().seed, fault_purpose) {
  admin_ = spawn<user_actor>("admin", watched_resources());
  users_.push_back(admin_);
  witness_ = spawn<witness_actor>("witness", {&client::pods, &client::configmaps, &client::endpointslices, &client::roles});
}

world::~world() {
  sim.time().before_each_step(nullptr);
  for (auto& each : actors_)
    caf::anon_send_exit(caf::actor_cast<caf::actor>(each), caf::exit_reason::kill);
  actors_.clear();
  sim.time().drain(sim.host("users").id);
}

user_actor& world::add_user(const std::string& name) {
  users_.push_back(spawn<user_actor>(name, {}));
  return *users_.back();
}

int64_t world::now_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(sim.time().elapsed()).count();
}

void world::repeat(milliseconds period, dice& from, std::function<void()> what) {
  const auto usual = std::chrono::duration_cast<duration>(period).count();
  const duration wait{usual / 2 + from.between(0, usual)};
  sim.time().after(wait, [this, period, &from, what = std::move(what)] {
    if (!working_)
      return;
    what();
    repeat(period, from, what);
  });
}

void world::on_step(std::function<void(const next_step&)> hook) {
  hooks_.push_back(std::move(hook));
  sim.time().before_each_step([this](const next_step& step) {
    for (const auto& each : hooks_)
      each(step);
  });
}

void world::filter_deliveries(std::function<verdict(const delivery&)> filter) {
  filters_.push_back(std::move(filter));
  sim.net().filter_deliveries([this](const delivery& item) {
    for (const auto& each : filters_)
      if (each(item) == verdict::drop)
        return verdict::drop;
    return verdict::pass;
  });
}

void world::end_faults() {
  sim.net().filter_deliveries(nullptr);
  filters_.clear();
  hooks_.clear();
  sim.time().before_each_step(nullptr);
  for (const auto& each : std::exchange(repairs_, {}))
    each();
}

} // namespace actors::host::simulation
