// The placement in force: found, kept on disk, followed.
#include "actors/keeper/keeper_actor.hpp"

#include "actors/keeper/keeper.hpp"
#include "actors/keeper/takes_part.hpp"
#include "messages/codec/codec.hpp"
#include "runtime/host/host_files.hpp"
#include "runtime/transport/ask.hpp"

#include <fmt/format.h>

namespace actors::keeper {

using client::draft;
using client::entry;

namespace {

constexpr std::string_view roles_shard = "store/main"; // it holds the Role objects
constexpr std::string_view shard_prefix = "store/";

client::identity keeper_identity(const std::string& host) {
  return {"system:troupe-host:" + host, {"system:troupe-hosts", "system:authenticated"}};
}

} // namespace

std::string object_name(const std::string& role_id) {
  auto result = role_id;
  std::replace(result.begin(), result.end(), '/', '.');
  return result;
}

keeper_actor::keeper_actor(caf::actor_config& config, runtime::host::role_context context)
    : super(config), context_(std::move(context)), api_(this, context_, keeper_identity(context_.host)),
      files_(context_.files ? context_.files : runtime::host::files_in(context_.data)), events_(api_, "troupe-keeper", context_.host), roles_(api_.watch(client::roles)),
      placements_(api_.watch(client::placements)), hosts_(api_.watch(client::hosts)), shards_(api_.watch(client::shards)),
      report_(api_, events_, context_, roles_, hosts_, shards_), placement_(context_.boot->value), text_(context_.boot->text),
      generation_(context_.boot->generation), started_us_(now_us()) {}

keeper_actor::behavior_type keeper_actor::make_behavior() {
  roles_.on_change([this](const std::string&, const entry*, const entry*) {
    if (api_.synced())
      look();
  });
  placements_.on_change([this](const std::string&, const entry*, const entry*) {
    if (api_.synced())
      on_placement();
  });
  api_.on_synced([this] { on_synced(); });
  index_bound();
  adopt_running();
  add_commands();
  follow_links();
  api_.start();
  caf::anon_send(context_.directory, runtime::directory::subscribe{std::string{shard_prefix}, caf::actor_cast<caf::strong_actor_ptr>(this)});
  shard_tick();
  return {
    [this](const client::protocol::watch_batch& batch) { api_.receive(batch); },
    [this](const runtime::directory::role_up& event) {
      if (event.id.starts_with(shard_prefix)) {
        shards_up_[event.id] = event;
        if (event.id == roles_shard)
          roles_host_ = event.host;
        look_at_shards();
        return;
      }
      apiservers_.insert(event.id);
      api_.receive(event);
      attempts_.try_at_once();
      look_at_bound();
    },
    [this](const runtime::directory::role_down& event) {
      shards_up_.erase(event.id);
      apiservers_.erase(event.id);
      api_.receive(event);
    },
    [this](const runtime::host::tenure_changed& event) { api_.receive(event); },
    [this](const client::wake& event) { api_.receive(event); },
    [this](const tenure_event& event) {
      // An event of an instance that has ended says nothing of its successor.
      const auto found = local_.find(event.id);
      if (event.what == runtime::host::tenure::event::lost && found != local_.end() && found->second.tenure && !found->second.tenure->active())
        stop(event.id, "another host has taken the role over");
      look();
    },
    [this](const role_ended& event) {
      local_.erase(event.id);
      bound_settled_ = false;
      look();
      look_at_shards();
    },
    [this](const operator_command& command) { on_command(command); },
    [this](const runtime::mesh::link_up& event) {
      note_link(event.host, false, "LinkUp", "Host " + context_.host + " has a link to " + event.host);
      links_changed();
    },
    [this](const runtime::mesh::link_down& event) {
      note_link(event.host, true, "LinkDown", "Host " + context_.host + " has no link to " + event.host + ": " + event.reason);
      links_changed();
    },
    [this](const runtime::mesh::link_slow& event) {
      note_link(event.host, event.slow, event.slow ? "LinkSlow" : "LinkFast",
                "The link from " + context_.host + " to " + event.host + (event.slow ? " is slow" : " is as fast as it should be"));
    },
  };
}

void keeper_actor::on_synced() {
  on_placement();
  tick();
}

/// Subscribes at the gate of the moment: a restarted one knows nobody.
void keeper_actor::follow_links() {
  const auto gate = context_.mesh ? context_.mesh->gate() : nullptr;
  const auto address = caf::actor_cast<caf::actor_addr>(gate);
  if (!gate || address == gate_)
    return;
  if (gate_) // its end has taken this host's links with it
    judges_from_us_ = now_us() + std::chrono::microseconds{recovery_time}.count();
  gate_ = address;
  caf::anon_send(caf::actor_cast<caf::actor>(gate),
                 runtime::mesh::subscribe_links{caf::actor_cast<caf::strong_actor_ptr>(this)});
}

void keeper_actor::tick() {
  if (ticked_us_ > 0 && now_us() - ticked_us_ > std::chrono::microseconds{stood_still}.count())
    judges_from_us_ = now_us() + std::chrono::microseconds{recovery_time}.count();
  ticked_us_ = now_us();
  follow_links();
  look();
  if (now_us() - reported_us_ >= std::chrono::microseconds{report_interval}.count()) {
    reported_us_ = now_us();
    std::set<std::string> owned;
    for (auto& [id, item] : local_)
      if (item.tenure && item.tenure->active())
        owned.insert(id);
    report_.update(placement_, owned, shard_views_, generation_, [this](const std::string& host) { return see(host); });
  }
  schedule_tick();
}

/// What the other hosts tell of their links comes a moment later.
void keeper_actor::links_changed() {
  attempts_.try_at_once();
  looks_often_until_us_ = now_us() + std::chrono::microseconds{look_interval}.count();
  look();
  schedule_tick();
}

void keeper_actor::schedule_tick() {
  if (tick_timer_ != 0)
    api_.cancel(tick_timer_);
  const bool often = !missing_.empty() || now_us() < looks_often_until_us_;
  tick_timer_ = api_.after(often ? look_interval_missing : look_interval, [this] {
    tick_timer_ = 0;
    tick();
  });
}

void keeper_actor::note_link(const std::string& host, bool warning, std::string_view reason, const std::string& text) {
  const entry* item = hosts_.find(host);
  if (item == nullptr)
    return; // it never served; `troupe links` tells of it
  const auto about = client::reference_to(client::hosts, *item);
  if (warning)
    events_.warning(about, reason, text);
  else
    events_.normal(about, reason, text);
}

// ---- the placement in force ------------------------------------------------------------------------------

void keeper_actor::on_placement() {
  const entry* item = placements_.find(placement_name);
  if (item == nullptr) {
    store_placement(text_);
    return;
  }
  const auto& stored = item->as<messages::api::troupe::v1::Placement>();
  const auto generation = std::max<int64_t>(item->metadata->generation(), 1);
  const std::string text = stored.spec() != nullptr && stored.spec()->text() != nullptr ? stored.spec()->text()->str() : "";
  if (context_.boot->replaces && generation_ == 0 && text != context_.boot->text) {
    store_placement(context_.boot->text);
    return;
  }
  if (generation != generation_)
    adopt(text, generation);
  else
    look();
}

void keeper_actor::store_placement(const std::string& text) {
  if (storing_)
    return;
  storing_ = true;
  const auto done = [this](const client::api_result& result) {
    storing_ = false;
    if (!result.ok() && result.code != 409)
      context_.log.warning("the placement is not stored yet", {{"why", result.message}});
    if (!result.ok())
      api_.after(look_interval, [this] { on_placement(); });
  };
  if (const entry* item = placements_.find(placement_name)) {
    draft object = client::draft_of(client::placements, *item);
    object["spec"].set("text", text);
    api_.update(client::placements, "", object, done);
    return;
  }
  api_.create(client::placements,
              draft::make_object({{"apiVersion", "troupe.dev/v1"},
                                  {"kind", "Placement"},
                                  {"metadata", draft::make_object({{"name", placement_name}})},
                                  {"spec", draft::make_object({{"text", text}})}}),
              done);
}

void keeper_actor::index_bound() {
  bound_settled_ = false;
  bound_.clear();
  for (auto& role : placement_.bound_to(context_.host))
    bound_.emplace(role.id, role);
  for (auto& role : placement_.roles)
    if (role.id == roles_shard && shards_up_.count(role.id) == 0)
      roles_host_ = role.host; // while it moves, who serves it counts
}

void keeper_actor::adopt(const std::string& text, int64_t generation) {
  if (text != text_) {
    auto read = runtime::placement::parse(text, context_.boot->known);
    if (!read.problems.empty()) {
      context_.log.error("the placement in the store is not understood, the one before stays in force here",
                         {{"generation", generation}, {"why", runtime::placement::render("placement", read.problems[0])}});
      return;
    }
    // Written past `troupe apply`, with kubectl for example: what would lose data is not carried out.
    auto planned = plan_change(placement_, read.value, [](const std::string&) { return presence::up; });
    if (!planned.refusals.empty()) {
      context_.log.error("the placement in the store is not carried out, the one before stays in force here",
                         {{"generation", generation}, {"why", fmt::format("{}", fmt::join(planned.refusals, "; "))}});
      return;
    }
    placement_ = std::move(read.value);
    text_ = text;
    index_bound();
    if (context_.mesh)
      context_.mesh->set_hosts(placement_.hosts);
  }
  generation_ = generation;
  context_.log.info("placement in force", {{"generation", generation}});
  try {
    if (!context_.files && context_.data.empty()) // of a test
      return look();
    files_->save_placement({text_, generation_});
    if (context_.boot->replaces && text_ == context_.boot->text)
      files_->save_given_placement(text_);
  } catch (const std::exception& e) {
    context_.log.error("the placement cannot be kept on disk: after a restart this host begins with the one before",
                       {{"why", e.what()}});
  }
  look();
}

presence keeper_actor::see(const std::string& host) const {
  if (host == context_.host)
    return presence::up;
  const auto gone = missing_.find(host);
  if (gone == missing_.end() && context_.mesh && context_.mesh->table()->find(host))
    return presence::up;
  const auto link = context_.mesh ? context_.mesh->table()->find(host) : std::nullopt;
  const auto known = link && link->incarnation != 0;
  const auto since = known && gone != missing_.end() ? gone->second : started_us_;
  const auto here = link && link->state != runtime::mesh::link_state::down; // only the shard's host has no link to it
  const auto patience = !known ? settle_time : here ? hearsay_grace : loss_grace;
  const auto late = now_us() - since > std::chrono::microseconds{patience}.count() && now_us() >= judges_from_us_;
  return late ? presence::lost : presence::unknown;
}

/// Whether the shard that holds the Roles is here, or its host has a link. Cut off from it, a host judges nobody, and
/// on its return not at once: a takeover decided meanwhile would be written then, on a view of before.
bool keeper_actor::store_in_sight() const {
  if (!context_.mesh || roles_host_ == context_.host)
    return true;
  const auto link = context_.mesh->table()->find(roles_host_);
  return !link || link->state != runtime::mesh::link_state::down;
}

/// Which hosts take no part, from the links here and from what the others tell of theirs.
void keeper_actor::count_missing() {
  if (!context_.mesh)
    return;
  if (!store_in_sight())
    judges_from_us_ = now_us() + std::chrono::microseconds{recovery_time}.count();
  const bool all_there = missing_.empty();
  const auto rows = context_.mesh->table()->rows();
  for (const auto& link : rows) {
    if (takes_part(link.host, context_.host, roles_host_, rows))
      missing_.erase(link.host);
    else
      missing_.emplace(link.host, now_us());
  }
  std::erase_if(missing_, [this](const auto& item) { return !context_.mesh->table()->find(item.first); });
  if (all_there && !missing_.empty())
    schedule_tick(); // its absence is judged soon, not at the end of the long interval that has begun
}

void keeper_actor::look() {
  count_missing();
  if (!api_.synced() || generation_ == 0)
    return;
  look_at_bound();
  look_at_shards();
  for (auto& role : placement_.roles)
    if (!role.hosts.empty())
      look_at_singleton(role);
  // What is no longer placed anywhere.
  std::vector<std::string> gone;
  for (auto& [id, item] : local_)
    if (item.tenure && std::none_of(placement_.roles.begin(), placement_.roles.end(), [&](auto& role) { return role.id == id; }))
      gone.push_back(id);
  for (auto& id : gone)
    stop(id, "the placement does not name it any more");
  announce();
}

/// Ready once every singleton that this host would own now is owned.
void keeper_actor::announce() {
  if (announced_)
    return;
  for (auto& role : placement_.roles) {
    if (role.hosts.empty() || role.hosts.front() != context_.host)
      continue;
    const auto owner = owner_of(role.id);
    if (owner.empty() || see(owner) == presence::lost)
      return;
    if (auto found = local_.find(role.id);
        owner == context_.host && (found == local_.end() || !found->second.tenure || !found->second.tenure->active()))
      return;
  }
  announced_ = true;
  runtime::host::announce_ready(context_, caf::actor_cast<caf::strong_actor_ptr>(this));
}

runtime::host::role_descriptor describe() {
  return {
    .spec = {.name = "keeper", .summary = "carries the placement out", .naming = runtime::placement::instance_naming::per_host},
    .phase = runtime::host::start_phase::keeper,
    .ready = runtime::host::readiness::when_registered,
    .implicit = true,
    .spawn = [](caf::actor_system& system, const runtime::host::role_context& context) {
      return caf::actor_cast<caf::strong_actor_ptr>(system.spawn<keeper_actor>(context));
    },
  };
}

} // namespace actors::keeper
