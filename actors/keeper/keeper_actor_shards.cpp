// Store shards: started where the placement has them, and wherever data are left; ended where another host has the data.
#include "actors/keeper/keeper_actor.hpp"

#include "runtime/host/host_files.hpp"
#include "runtime/transport/ask.hpp"

#include <fmt/format.h>

namespace actors::keeper {

namespace store = runtime::protocols::store;
using store::ShardPhase;

namespace {

shard_state state_in(const shard_view& view) {
  switch (view.phase) {
    case ShardPhase::opening:
      return shard_state::unknown;
    case ShardPhase::serving:
      return shard_state::serving;
    case ShardPhase::waiting:
    case ShardPhase::copying:
    case ShardPhase::catching_up:
      return shard_state::copying;
    case ShardPhase::handing_over:
      return shard_state::asking;
    case ShardPhase::handed_over:
      return shard_state::handed_over;
  }
  return shard_state::unknown;
}

bool is_copy(const shard_view& view) {
  const auto state = state_in(view);
  return state == shard_state::copying || state == shard_state::asking;
}

} // namespace

/// Without an apiserver too: the shard that is missing may be the one that the apiservers wait for.
void keeper_actor::shard_tick() {
  look_at_shards();
  api_.after(look_interval, [this] { shard_tick(); });
}

void keeper_actor::look_at_shards() {
  if (generation_ == 0)
    return;
  for (auto& role : placement_.roles)
    if (role.role == store_role)
      look_at_shard(role);
}

void keeper_actor::look_at_shard(const role_instance& placed) {
  const auto here = placed.host == context_.host;
  const auto up = shards_up_.find(placed.id);
  const auto served_here = up != shards_up_.end() && up->second.host == context_.host;
  const auto found = local_.find(placed.id);
  shard_here local;
  if (found == local_.end()) {
    shard_views_.erase(placed.id);
    local.folder = files_->has_shard(placed.settings.text("shard"));
  } else if (found->second.stopping) {
    return;
  } else if (here && served_here && needs_restart(found->second.placed, placed)) {
    stop(placed.id, "its settings change"); // its end looks again
    return;
  } else {
    const auto view = shard_views_.find(placed.id);
    const auto settled = here && served_here && arriving_.count(placed.id) == 0 && (view == shard_views_.end() || !is_copy(view->second));
    if (settled) {
      shard_views_.erase(placed.id);
      return;
    }
    ask_shard(placed.id);
    local.state = view == shard_views_.end() ? shard_state::unknown : state_in(view->second);
  }
  const auto elsewhere = up != shards_up_.end() && !served_here;
  // Who has the data from here has at least the epoch that this host gave away.
  const auto followed = local.state != shard_state::handed_over || !elsewhere || up->second.epoch >= shard_views_.at(placed.id).epoch;
  switch (decide_shard(here, local, elsewhere && followed)) {
    case shard_action::none:
      return;
    case shard_action::start:
      // Only a host that was told its first placement when it was started may make a new shard, and not here.
      if (!local.folder && !files_->has_placement())
        return;
      if (!local.folder)
        arriving_.insert(placed.id);
      start(placed, nullptr);
      return;
    case shard_action::end_for_good:
      arriving_.erase(placed.id);
      stop(placed.id, here ? "another host has the data: it comes back as a copy" : "another host has the data, or is to keep them", true);
      return;
  }
}

/// What it is, and how far: for the next look.
void keeper_actor::ask_shard(const std::string& id) {
  const auto handle = context_.actors ? context_.actors->handle_of(id) : nullptr;
  if (!handle || !asked_shards_.insert(id).second)
    return;
  runtime::transport::ask(
    this, caf::actor_cast<runtime::protocols::store_copy_actor>(handle), shard_answer_time,
    store::shard_state_request{store::ShardStateRequestT{}},
    [this, id](const store::shard_state_reply& reply) {
      asked_shards_.erase(id);
      if (reply.valid() && local_.count(id) > 0)
        on_shard(id, reply.unpack());
    },
    [this, id](caf::error&) { asked_shards_.erase(id); }); // it is busy, or being restarted: asked again at the next look
}

void keeper_actor::on_shard(const std::string& id, const store::ShardStateReplyT& reply) {
  shard_view next{reply.phase, reply.peer, reply.percent, reply.lag, reply.epoch, reply.reason};
  const auto before = shard_views_.find(id);
  const auto was_copy = before != shard_views_.end() && is_copy(before->second);
  // A small shard has arrived before it is seen as a copy.
  const auto arrived = next.phase == ShardPhase::serving && (was_copy || arriving_.count(id) > 0);
  const auto* item = shards_.find(id.substr(id.find('/') + 1));
  const auto start_told = was_copy && !before->second.peer.empty();
  if (item != nullptr && (is_copy(next) || arrived) && !start_told && !next.peer.empty())
    events_.normal(client::reference_to(client::shards, *item), "MoveStarted",
                   fmt::format("Host {} copies {} from {}", context_.host, id, next.peer));
  if (item != nullptr && arrived) {
    arriving_.erase(id);
    events_.normal(client::reference_to(client::shards, *item), "Moved",
                   fmt::format("{} has moved from {} to {} at revision {}; for {} ms no host took writes", id, next.peer,
                               context_.host, reply.revision, (reply.pause_us + 999) / 1'000));
  }
  if (is_copy(next) && next.peer.empty() && before != shard_views_.end())
    next.peer = before->second.peer;
  shard_views_[id] = std::move(next);
}

} // namespace actors::keeper
