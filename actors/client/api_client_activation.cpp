// From standby to active: when the caches are synced, and when they have seen what the former owner wrote last.
#include "actors/client/api_client.hpp"

#include "runtime/transport/ask.hpp"

namespace actors::client {

using runtime::transport::ask;

void api_client::check_synced() {
  if (was_synced_ || !synced())
    return;
  was_synced_ = true;
  if (context_.tenure)
    context_.tenure->mark_synced();
  if (on_synced_)
    on_synced_();
  if (!context_.tenure && on_active_)
    on_active_();
  begin_catching_up();
}

void api_client::receive(const runtime::host::tenure_changed& event) {
  if (context_.actors)
    context_.actors->note_epoch(context_.id, event.epoch);
  context_.log.info(event.epoch > 0 ? "owns the role" : "does not own the role", {{"epoch", event.epoch}});
  begin_catching_up();
}

/// The caches may be older than the last writes of the former owner. Before anything is decided on them, each watch has to
/// reach the revision that its shard has now.
void api_client::begin_catching_up() {
  catching_up_.clear();
  catching_up_epoch_ = 0;
  progress_delay_ = retry_delay_min;
  progress_problem_.clear();
  const uint64_t round = ++round_;
  const int64_t epoch = context_.tenure ? context_.tenure->epoch() : 0;
  if (epoch == 0 || !was_synced_)
    return;
  catching_up_epoch_ = epoch;
  for (auto& item : watches_)
    catching_up_[&item] = unknown_revision;
  for (auto& item : watches_)
    ask_progress(item, round);
  check_caught_up();
}

void api_client::ask_progress(watch_state& watch, uint64_t round) {
  if (round != round_)
    return;
  const auto again = [this, &watch, round](const std::string& why) {
    if (round != round_)
      return;
    if (!why.empty() && std::exchange(progress_problem_, why) != why)
      context_.log.info("the caches' age is not known yet", {{"resource", watch.cache->what().plural}, {"why", why}});
    after(progress_delay_, [this, &watch, round] { ask_progress(watch, round); });
    progress_delay_ = std::min(progress_delay_ * 2, progress_delay_max);
  };
  if (!apiserver_ || watch.id == 0) {
    again("");
    return;
  }
  protocol::ProgressRequestT content;
  content.watch_id = watch.id;
  ask(
    self_, apiserver_, progress_deadline, protocol::progress_request{content},
    [this, &watch, round, again](const protocol::progress_reply& reply) {
      if (round != round_)
        return;
      if (!reply.valid() || reply->code() >= 400) {
        again(reply.valid() ? "code " + std::to_string(reply->code()) : "the answer cannot be read");
        return;
      }
      catching_up_[&watch] = reply->revision();
      check_caught_up();
    },
    [this, again](caf::error& error) { again(self_->system().render(error)); });
}

void api_client::check_caught_up() {
  const auto there = [](const auto& item) {
    return item.second != unknown_revision && item.first->cache->revision() >= item.second;
  };
  // Only what was asked for this very epoch counts: it may be granted before this actor is told.
  if (catching_up_epoch_ == 0 || catching_up_epoch_ != context_.tenure->epoch() || active() ||
      !std::all_of(catching_up_.begin(), catching_up_.end(), there))
    return;
  catching_up_.clear();
  active_epoch_ = std::exchange(catching_up_epoch_, 0);
  if (on_active_)
    on_active_();
}

} // namespace actors::client
