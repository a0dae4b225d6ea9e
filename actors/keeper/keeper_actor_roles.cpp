// Roles started, taken over, stopped.
#include "actors/keeper/keeper_actor.hpp"

#include "messages/codec/time.hpp"

namespace actors::keeper {

using client::draft;
using client::entry;
using messages::api::troupe::v1::Role;
using runtime::host::tenure;

namespace {

constexpr std::string_view keeper_role = "keeper";

draft hosts_of(const role_instance& placed) {
  draft result = draft::make_array();
  for (auto& host : placed.hosts)
    result.push_back(host);
  return result;
}

role_wish wish_of(const Role& role) {
  role_wish result;
  if (role.spec() == nullptr)
    return result;
  result.generation = role.spec()->generation();
  if (role.spec()->hosts() != nullptr)
    for (const auto* host : *role.spec()->hosts())
      result.hosts.push_back(host->str());
  return result;
}

role_owner owner_in(const Role& role) {
  const auto* status = role.status();
  if (status == nullptr)
    return {};
  return {status->host() == nullptr ? "" : status->host()->str(), status->epoch(), status->generation()};
}

} // namespace

const entry* keeper_actor::role_object(const std::string& id) const {
  return roles_.find(object_name(id));
}

std::string keeper_actor::owner_of(const std::string& id) const {
  const auto* item = role_object(id);
  return item == nullptr ? std::string{} : owner_in(item->as<Role>()).host;
}

/// After a crash of this actor: what runs already.
void keeper_actor::adopt_running() {
  auto roles = context_.roles.lock();
  if (!roles)
    return;
  for (auto& item : roles->running())
    if (item.role.role != keeper_role) {
      local_[item.role.id] = {.running = true, .tenure = item.tenure, .placed = item.role};
      if (item.tenure)
        item.tenure->set_listener(listener_of(item.role.id));
    }
}

/// Holds this actor weakly: the tenure is kept here, and outlives it with the role.
tenure::listener keeper_actor::listener_of(const std::string& id) {
  return [self = caf::actor_cast<caf::actor_addr>(this), id](tenure::event what, int64_t) {
    if (auto keeper = caf::actor_cast<caf::actor>(self))
      caf::anon_send(keeper, tenure_event{id, what});
  };
}

void keeper_actor::start(const role_instance& placed, runtime::host::tenure_ptr tenure) {
  auto roles = context_.roles.lock();
  if (!roles)
    return;
  context_.log.info("starting a role", {{"id", placed.id}, {"standby", tenure && !tenure->active()}});
  local_[placed.id] = {.running = true, .tenure = tenure, .placed = placed};
  bound_settled_ = false;
  roles->start(placed, std::move(tenure));
}

void keeper_actor::stop(const std::string& id, std::string_view why, bool leaves) {
  auto found = local_.find(id);
  auto roles = context_.roles.lock();
  if (found == local_.end() || !found->second.running || found->second.stopping || !roles)
    return;
  found->second.stopping = true;
  bound_settled_ = false;
  context_.log.info("stopping a role", {{"id", id}, {"why", why}});
  const auto for_good = leaves || (!found->second.tenure && bound_.count(id) == 0);
  roles->stop(id, for_good, [self = caf::actor_cast<caf::actor_addr>(this), id] {
    if (auto keeper = caf::actor_cast<caf::actor>(self))
      caf::anon_send(keeper, role_ended{id});
  });
}

// ---- roles that are bound to their host ------------------------------------------------------------------

void keeper_actor::look_at_bound() {
  if (generation_ == 0 || bound_settled_)
    return;
  bool settled = true;
  for (auto& [id, placed] : bound_) {
    if (placed.role == store_role)
      continue; // keeper_actor_shards.cpp
    auto found = local_.find(id);
    settled = settled && found != local_.end() && !found->second.stopping;
    if (found == local_.end()) {
      start(placed, nullptr);
    } else if (!found->second.stopping && needs_restart(found->second.placed, placed)) {
      settled = false;
      stop(placed.id, "its settings change"); // its end looks again
    }
  }
  // An apiserver goes only when those that are placed instead serve already.
  const auto served = std::all_of(placement_.roles.begin(), placement_.roles.end(), [this](auto& role) {
    return role.role != apiserver_role || apiservers_.count(role.id) > 0;
  });
  std::vector<std::string> gone;
  for (auto& [id, item] : local_) {
    if (item.tenure || bound_.count(id) > 0 || item.placed.role == store_role)
      continue;
    settled = false;
    if (item.placed.role != apiserver_role || served)
      gone.push_back(id);
  }
  for (auto& id : gone)
    stop(id, "the placement does not name it here any more");
  bound_settled_ = settled;
}

// ---- singletons ------------------------------------------------------------------------------------------

void keeper_actor::look_at_singleton(const role_instance& placed) {
  const auto* item = role_object(placed.id);
  if (item == nullptr) {
    create_role(placed);
    return;
  }
  const auto& role = item->as<Role>();
  auto wish = wish_of(role);
  if (wish.hosts != placed.hosts || wish.generation < placed.since) {
    // A newer one is of a placement that has not come here yet; one of this generation was changed by hand.
    if (wish.generation <= generation_)
      update_wish(placed, *item);
    return; // decided on the new wish, when it is there
  }
  attempts_.saw(placed.id, owner_in(role).epoch);
  auto found = local_.find(placed.id);
  if (found != local_.end() && (found->second.stopping || found->second.taking_over))
    return;
  local_instance local;
  if (found != local_.end()) {
    local.running = found->second.running;
    local.epoch = found->second.tenure ? found->second.tenure->epoch() : 0;
    local.synced = found->second.tenure && found->second.tenure->synced();
    if (local.epoch > 0 && (needs_restart(found->second.placed, placed))) {
      stop(placed.id, "its settings change");
      return;
    }
  }
  switch (decide_role(context_.host, wish, owner_in(role), local, [this](const std::string& host) { return see(host); })) {
    case action::none:
      return;
    case action::start_standby:
    case action::take_over: {
      if (!local.running) {
        start(placed, std::make_shared<tenure>(listener_of(placed.id)));
      }
      if (decide_role(context_.host, wish, owner_in(role), {true, 0, local.synced}, [this](const std::string& host) { return see(host); }) ==
          action::take_over)
        take_over(placed, *item);
      return;
    }
    case action::stop:
      stop(placed.id, "another host owns it");
      return;
  }
}

void keeper_actor::create_role(const role_instance& placed) {
  if (!writing_.insert(placed.id).second)
    return;
  api_.create(client::roles,
              draft::make_object({{"apiVersion", "troupe.dev/v1"},
                                  {"kind", "Role"},
                                  {"metadata", draft::make_object({{"name", object_name(placed.id)}})},
                                  {"spec", draft::make_object({{"role", placed.id},
                                                               {"hosts", hosts_of(placed)},
                                                               {"generation", generation_}})}}),
              [this, id = placed.id](const client::api_result& result) {
                writing_.erase(id);
                if (!result.ok() && !result.already_exists())
                  context_.log.warning("a role is not created yet", {{"id", id}, {"why", result.message}});
              });
}

void keeper_actor::update_wish(const role_instance& placed, const entry& item) {
  if (!writing_.insert(placed.id).second)
    return;
  draft object = client::draft_of(client::roles, item);
  object["spec"].set("hosts", hosts_of(placed));
  object["spec"].set("generation", generation_);
  api_.update(client::roles, "", object, [this, id = placed.id](const client::api_result& result) {
    writing_.erase(id);
    if (!result.ok() && !result.conflict()) // another keeper wrote the same
      context_.log.warning("a role's hosts are not written yet", {{"id", id}, {"why", result.message}});
  });
}

void keeper_actor::take_over(const role_instance& placed, const entry& item) {
  if (!attempts_.may_try(placed.id, item.revision, now_us()))
    return;
  const auto owner = owner_in(item.as<Role>());
  const auto wish = wish_of(item.as<Role>());
  draft object = client::draft_of(client::roles, item);
  auto& status = object["status"];
  if (!status.is_object())
    status = draft::make_object();
  // A Role that was deleted and made anew begins at 0, but what its owners had stays refused by the shards.
  attempts_.saw(placed.id, owner.epoch);
  const auto epoch = attempts_.next_epoch(placed.id, item.revision);
  status.set("host", context_.host);
  status.set("epoch", epoch);
  status.set("generation", wish.generation);
  status.set("phase", "Running");
  status.set("lastTakeoverTime", messages::codec::format_time(context_.clock->wall_seconds()));
  if (!owner.host.empty() && owner.host != context_.host)
    status.set("takeovers", status.get("takeovers").integer() + 1);
  local_[placed.id].taking_over = true;
  api_.update(client::roles, "status", object, [this, id = placed.id, epoch, from = owner.host](const client::api_result& result) {
    auto found = local_.find(id);
    if (found == local_.end())
      return;
    found->second.taking_over = false;
    if (!result.ok()) {
      attempts_.failed(id, result.conflict(), now_us());
      if (!result.conflict())
        context_.log.warning("a role is not taken over yet", {{"id", id}, {"epoch", epoch}, {"why", result.message}});
      return; // looked at again with the next view, or at the next look
    }
    attempts_.succeeded(id);
    context_.log.info("role taken over", {{"id", id}, {"epoch", epoch}, {"from", from.empty() ? "nobody" : from}});
    if (auto roles = context_.roles.lock())
      roles->grant(id, epoch, context_.directory);
    if (!from.empty() && from != context_.host)
      if (const auto* item = role_object(id))
        events_.normal(client::reference_to(client::roles, *item), "TakenOver",
                       "Host " + context_.host + " has taken " + id + " over from " + from);
    announce();
  });
}

} // namespace actors::keeper
