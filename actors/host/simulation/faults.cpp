#include "actors/host/simulation/faults.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace actors::host::simulation {

namespace {

using strike = std::function<void()>;

void strike_again_and_again(world& on, const fault_entry& entry, strike what) {
  on.repeat(entry.every, on.fault_chance, [&on, name = entry.name, what = std::move(what)] {
    ++on.strikes[name];
    what();
  });
}

/// A host of the placement that runs; "": none does.
std::string some_host(world& on, const std::string& of) {
  std::vector<std::string> running;
  for (const auto& name : on.sim.host_names())
    if (on.sim.host(name).running && name.starts_with(of))
      running.push_back(name);
  return running.empty() ? std::string{} : running[on.fault_chance.below(running.size())];
}

/// Two running hosts; 0: there are none.
std::pair<host_id, host_id> some_link(world& on, const std::string& of) {
  const auto one = some_host(on, of);
  const auto other = some_host(on, "");
  if (one.empty() || one == other)
    return {nowhere, nowhere};
  return {on.sim.host(one).id, on.sim.host(other).id};
}

std::string some_shard(world& on, const std::string& of) {
  std::vector<std::string> names;
  for (const auto& [name, disk] : on.sim.disks())
    if (name.starts_with(of))
      names.push_back(name);
  return names.empty() ? std::string{} : names[on.fault_chance.below(names.size())];
}

/// Of a host that has the shard or a copy of it; null: there is none.
std::shared_ptr<simulated_disk> some_disk(world& on, const std::string& of) {
  auto all = on.sim.folders().all();
  std::erase_if(all, [&](const auto& each) { return !each.shard.starts_with(of); });
  return all.empty() ? nullptr : all[on.fault_chance.below(all.size())].disk;
}

// ---- crashes ---------------------------------------------------------------------------------------------

void crash_role(world& on, const fault_entry& entry) {
  strike_again_and_again(on, entry, [&on, of = entry.of] {
    auto all = on.sim.roles();
    std::erase_if(all, [&](const auto& role) { return !role.id.starts_with(of); });
    if (all.empty())
      return;
    const auto& victim = all[on.fault_chance.below(all.size())];
    on.sim.crash_role(victim.host, victim.id);
  });
}

/// Each message of each role may be the one before which it ends.
void crash_at_message(world& on, const fault_entry& entry) {
  on.on_step([&on, entry](const next_step& step) {
    if (!on.working() || step.host == nowhere || on.fault_chance.below(static_cast<uint64_t>(entry.one_in)) != 0)
      return;
    for (const auto& name : on.sim.host_names()) {
      if (on.sim.host(name).id != step.host)
        continue;
      const auto id = on.sim.role_of(step.host, step.actor->address());
      if (id.empty() || !id.starts_with(entry.of))
        return;
      ++on.strikes[entry.name];
      on.sim.crash_role(name, id);
    }
  });
}

void crash_host(world& on, const fault_entry& entry) {
  strike_again_and_again(on, entry, [&on, entry] {
    const auto name = some_host(on, entry.of);
    if (name.empty())
      return;
    on.sim.crash_host(name, on.fault_chance.chance(50));
    on.sim.time().after(duration(entry.lasts), [&on, name] { on.sim.start_host(name); });
  });
  on.at_end_of_faults([&on] {
    for (const auto& name : on.sim.host_names())
      on.sim.start_host(name);
  });
}

void freeze_host(world& on, const fault_entry& entry) {
  const auto thaw = [&on](const std::string& name, host_id life) {
    auto& host = on.sim.host(name);
    if (host.running && host.id == life && on.sim.time().frozen(life))
      on.sim.net().thaw(life);
  };
  strike_again_and_again(on, entry, [&on, entry, thaw] {
    const auto name = some_host(on, entry.of);
    if (name.empty())
      return;
    const auto life = on.sim.host(name).id;
    on.sim.net().freeze(life);
    on.sim.time().after(duration(entry.lasts), [thaw, name, life] { thaw(name, life); });
  });
  on.at_end_of_faults([&on, thaw] {
    for (const auto& name : on.sim.host_names())
      thaw(name, on.sim.host(name).id);
  });
}

// ---- links -----------------------------------------------------------------------------------------------

/// A host alone, or two hosts apart.
void partition(world& on, const fault_entry& entry) {
  auto cuts = std::make_shared<std::set<std::pair<host_id, host_id>>>();
  const auto heal = [&on, cuts](std::pair<host_id, host_id> pair) {
    if (cuts->erase(pair) > 0)
      on.sim.net().heal(pair.first, pair.second);
  };
  strike_again_and_again(on, entry, [&on, entry, cuts, heal] {
    const auto name = some_host(on, entry.of);
    if (name.empty())
      return;
    const auto alone = on.fault_chance.chance(60);
    const auto first = on.sim.host(name).id;
    for (const auto& other : on.sim.host_names()) {
      if (other == name || !on.sim.host(other).running || (!alone && on.fault_chance.chance(50)))
        continue;
      const std::pair pair{first, on.sim.host(other).id};
      if (!cuts->insert(pair).second)
        continue;
      on.sim.net().cut(pair.first, pair.second);
      on.sim.time().after(duration(entry.lasts), [heal, pair] { heal(pair); });
    }
  });
  on.at_end_of_faults([cuts, heal] {
    for (const auto& pair : std::set{*cuts})
      heal(pair);
  });
}

void reset_link(world& on, const fault_entry& entry) {
  strike_again_and_again(on, entry, [&on, of = entry.of] {
    if (const auto [a, b] = some_link(on, of); a != nowhere)
      on.sim.net().reset(a, b);
  });
}

void replace_link(world& on, const fault_entry& entry) {
  strike_again_and_again(on, entry, [&on, of = entry.of] {
    if (const auto [a, b] = some_link(on, of); a != nowhere)
      on.sim.net().replace(a, b);
  });
}

void slow_link(world& on, const fault_entry& entry) {
  strike_again_and_again(on, entry, [&on, entry] {
    const auto [a, b] = some_link(on, entry.of);
    if (a == nowhere)
      return;
    on.sim.net().slow_down(a, b, duration{on.fault_chance.between(1'000'000, 1'000'000'000)});
    const auto normal = [&on, a = a, b = b] { on.sim.net().slow_down(a, b, duration::zero()); };
    on.sim.time().after(duration(entry.lasts), normal);
  });
}

// ---- disks and clocks ------------------------------------------------------------------------------------

void slow_disk(world& on, const fault_entry& entry) {
  strike_again_and_again(on, entry, [&on, entry] {
    const auto shard = some_shard(on, entry.of);
    if (shard.empty())
      return;
    on.sim.slow_disk(shard, duration{on.fault_chance.between(1'000'000, 500'000'000)});
    on.sim.time().after(duration(entry.lasts), [&on, shard] { on.sim.slow_disk(shard, duration::zero()); });
  });
  on.at_end_of_faults([&on] {
    for (const auto& [name, disk] : on.sim.disks())
      on.sim.slow_disk(name, duration::zero());
  });
}

void full_disk(world& on, const fault_entry& entry) {
  strike_again_and_again(on, entry, [&on, entry] {
    const auto disk = some_disk(on, entry.of);
    if (!disk)
      return;
    disk->set_full(true);
    on.sim.time().after(duration(entry.lasts), [disk] { disk->set_full(false); });
  });
  on.at_end_of_faults([&on] {
    for (const auto& each : on.sim.folders().all())
      each.disk->set_full(false);
  });
}

void failing_disk(world& on, const fault_entry& entry) {
  strike_again_and_again(on, entry, [&on, of = entry.of] {
    if (const auto disk = some_disk(on, of))
      disk->fail_next_commit(static_cast<store::commit_failure>(on.fault_chance.between(1, 3)));
  });
  on.at_end_of_faults([&on] {
    for (const auto& each : on.sim.folders().all())
      each.disk->fail_next_commit(store::commit_failure::none);
  });
}

/// Of one host's wall clock, up to `lasts` forward or back.
void clock_jump(world& on, const fault_entry& entry) {
  strike_again_and_again(on, entry, [&on, entry] {
    const auto name = some_host(on, entry.of);
    const auto most = std::chrono::microseconds{entry.lasts}.count();
    if (!name.empty())
      on.sim.host(name).clock->jump_us(on.fault_chance.between(-most, most));
  });
}

// ---- views and tenures -----------------------------------------------------------------------------------

void lagging_watch(world& on, const fault_entry& entry) {
  auto delay = std::make_shared<watch_delay>(on, entry.of);
  strike_again_and_again(on, entry, [&on, entry, delay] {
    delay->hold();
    on.sim.time().after(duration(entry.lasts), [delay] { delay->release(); });
  });
  on.at_end_of_faults([delay] { delay->release(); });
}

void skipping_watch(world& on, const fault_entry& entry) {
  auto delay = std::make_shared<watch_delay>(on, entry.of);
  strike_again_and_again(on, entry, [&on, entry, delay] {
    delay->hold();
    on.sim.time().after(duration(entry.lasts), [delay] { delay->break_off(); });
  });
  on.at_end_of_faults([delay] { delay->break_off(); });
}

/// A Role gets a new owner while the old one still works and does not know.
void takeover(world& on, const fault_entry& entry) {
  strike_again_and_again(on, entry, [&on, of = entry.of] {
    std::vector<const client::entry*> roles;
    for (const auto& [key, item] : on.admin().cache(client::roles).entries())
      if (shown(client::roles, item).at({"spec", "role"}).str().starts_with(of))
        roles.push_back(&item);
    if (roles.empty())
      return;
    draft role = client::draft_of(client::roles, *roles[on.fault_chance.below(roles.size())]);
    const auto& eligible = role.at({"spec", "hosts"}).items();
    const auto next = eligible.empty() ? std::string{} : std::string{eligible[on.fault_chance.below(eligible.size())].str()};
    if (next.empty() || role.at({"status", "epoch"}).integer() == 0)
      return;
    role["status"].set("host", next);
    role["status"].set("epoch", role.at({"status", "epoch"}).integer() + 1);
    on.admin().api.after(std::chrono::milliseconds{0}, [&on, role] {
      on.admin().api.update(client::roles, "status", role, [](const client::api_result&) {}); // another keeper may be first
    });
  });
}

// ---- Sieve's three, at one message -----------------------------------------------------------------------

/// Calls `what` once, before the role `of` handles its message number `at`.
void once_at(world& on, const fault_entry& entry, std::function<void()> what) {
  struct state {
    std::map<caf::actor_id, bool> is_role; // by actor
    int seen = 0;
  };
  on.on_step([&on, entry, what = std::move(what), now = std::make_shared<state>()](const next_step& step) {
    if (step.host == nowhere)
      return;
    auto [known, fresh] = now->is_role.emplace(step.actor->id(), false);
    if (fresh)
      known->second = on.sim.role_of(step.host, step.actor->address()) == entry.of;
    if (!known->second)
      return;
    on.sim.probes().count(message_probe(entry.of));
    if (++now->seen == entry.at)
      what();
  });
}

void crash_at(world& on, const fault_entry& entry) {
  once_at(on, entry, [&on, of = entry.of, name_of_fault = entry.name] {
    ++on.strikes[name_of_fault];
    for (const auto& name : on.sim.host_names())
      on.sim.crash_role(name, of); // its standbys too
  });
}

/// It struck when there was something to hold back.
void end_of_hold(world& on, const fault_entry& entry, watch_delay& delay, void (watch_delay::*how)()) {
  if (delay.held() > 0)
    ++on.strikes[entry.name];
  (delay.*how)();
}

void stale_at(world& on, const fault_entry& entry) {
  auto delay = std::make_shared<watch_delay>(on, entry.of, true);
  once_at(on, entry, [&on, entry, delay] {
    delay->hold();
    on.sim.time().after(duration(entry.lasts), [&on, entry, delay] { end_of_hold(on, entry, *delay, &watch_delay::release); });
  });
  on.at_end_of_faults([delay] { delay->release(); });
}

void unobserved_at(world& on, const fault_entry& entry) {
  auto delay = std::make_shared<watch_delay>(on, entry.of, true);
  once_at(on, entry, [&on, entry, delay] {
    delay->hold();
    on.sim.time().after(duration(entry.lasts), [&on, entry, delay] { end_of_hold(on, entry, *delay, &watch_delay::break_off); });
  });
  on.at_end_of_faults([delay] { delay->break_off(); });
}

constexpr fault_kind all_faults[] = {
  {"crash-role", "a role ends as by a failure, and is restarted", crash_role},
  {"crash-at-message", "each message of each role may be its last", crash_at_message},
  {"crash-host", "a host loses its power or its process, and what was not synced", crash_host},
  {"freeze-host", "a host stands still, and goes on", freeze_host},
  {"partition", "links hold back what is sent", partition},
  {"reset-link", "a connection ends and is made anew", reset_link},
  {"replace-link", "a second connection takes the place of the first", replace_link},
  {"slow-link", "messages take up to a second longer", slow_link},
  {"slow-disk", "each batch takes up to half a second", slow_disk},
  {"full-disk", "a shard's disk takes no more writes", full_disk},
  {"failing-disk", "a commit fails before the write, before the sync or after it", failing_disk},
  {"clock-jump", "a host's wall clock jumps", clock_jump},
  {"lagging-watch", "roles see an old state", lagging_watch},
  {"skipping-watch", "roles never see the states in between", skipping_watch},
  {"takeover", "a role gets a new owner while the old one still works", takeover},
  {"crash-at", "the role `of` ends before its message number `at`", crash_at},
  {"stale-at", "from its message number `at` on, the role `of` sees an old state for a while", stale_at},
  {"unobserved-at", "from its message number `at` on, the role `of` misses what happens for a while", unobserved_at},
};

} // namespace

std::span<const fault_kind> fault_kinds() {
  return all_faults;
}

std::string message_probe(const std::string& role) {
  return "messages: " + role;
}

// ---- watch_delay -----------------------------------------------------------------------------------------

watch_delay::watch_delay(world& on, std::string of, bool exact) : on_(on), of_(std::move(of)), exact_(exact) {
  on_.filter_deliveries([this](const delivery& item) { return see(item); });
}

verdict watch_delay::see(const delivery& item) {
  if (!holding_ || !item.content->match_elements<protocol::watch_batch>())
    return verdict::pass;
  const auto owner = on_.sim.role_of(item.to, (*item.target)->address());
  if (owner.empty() || (exact_ ? owner != of_ : !owner.starts_with(of_)))
    return verdict::pass;
  kept_.push_back({*item.sender, *item.target, item.id, *item.content});
  ++total_;
  return verdict::drop;
}

void watch_delay::hold() {
  holding_ = true;
}

void watch_delay::release() {
  holding_ = false;
  for (auto& each : std::exchange(kept_, {}))
    each.target->enqueue(each.sender, each.id, each.content, nullptr);
}

/// As an apiserver does with a consumer that is too far behind.
void watch_delay::break_off() {
  holding_ = false;
  std::set<std::pair<caf::actor_id, uint64_t>> ended;
  for (auto& each : std::exchange(kept_, {})) {
    const auto& batch = each.content.get_as<protocol::watch_batch>(0);
    if (!ended.emplace(each.target->id(), batch->watch_id()).second)
      continue;
    protocol::WatchCancelT cancel;
    cancel.watch_id = batch->watch_id();
    if (each.sender)
      each.sender->enqueue(each.target, caf::make_message_id(), caf::make_message(protocol::watch_cancel{cancel}), nullptr);
    protocol::WatchBatchT gone;
    gone.watch_id = batch->watch_id();
    gone.code = 410;
    each.target->enqueue(each.sender, caf::make_message_id(), caf::make_message(protocol::watch_batch{gone}), nullptr);
  }
}

} // namespace actors::host::simulation
