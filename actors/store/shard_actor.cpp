// The shard actor: gathers writes while a batch syncs, answers when it is durable, then pushes the changes to
// its watchers. Reads are served here, on the shard's own thread: an engine's read never waits for a sync,
// pages are bounded, and one thread for all of a shard's reads keeps a cold disk away from CAF's shared
// workers.
#include "actors/store/shard_actor.hpp"

namespace actors::store {

using runtime::telemetry::make_failure;

shard_actor::shard_actor(caf::actor_config& cfg, shard_options options)
    : metered(cfg),
      options_(std::move(options)),
      queue_(std::make_shared<commit_queue>(options_.bounds)),
      feed_(options_.shard, options_.bounds) {
  set_down_handler([this](caf::down_msg& down) { watchers_.erase(down.source); });
}

void shard_actor::on_exit() {
  show_revision();
  const auto why =
    make_failure("the store shard " + options_.shard + " ended; the outcome of the write is unknown");
  queue_->clear();
  for (auto& answer : answers_)
    answer.deliver(why);
  answers_.clear();
  if (hand_over_)
    hand_over_->answer.deliver(why);
  hand_over_.reset();
  follower_.reset();
  watchers_.clear();
  feed_.clear();
  engine_.reset();
  if (committer_) // a link says nothing about an end without a reason
    caf::anon_send_exit(committer_, caf::exit_reason::user_shutdown);
  committer_ = nullptr;
}

template <class Step>
void shard_actor::follow(Step step) {
  if (mode_ == shard_mode::following)
    step(*follower_);
}

shard_actor::behavior_type shard_actor::make_behavior() {
  send(this, open_atom::value);
  return {
    [this](const protocol::commit_request& m) { return on_commit(m); },
    [this](const protocol::fence_request& m) { return on_fence(m); },
    [this](const protocol::range_request& m) { return on_range(m); },
    [this](const protocol::revision_request&) { return on_revision(); },
    [this](const protocol::watch_request& m) { return on_watch(m); },
    [this](const protocol::shard_changes_ack& m) { on_ack(m); },
    [this](const batch_committed& m) { on_batch_committed(m); },
    [this](const history_compacted& m) { on_history_compacted(m); },
    [this](open_atom) { on_open(); },
    [this](compact_atom) { on_compact(); },
    [this](push_atom) { push_changes(); },
    [this](const protocol::copy_request& m) { return on_copy(m); },
    [this](const protocol::hand_over_request& m) { return on_hand_over(m); },
    [this](const protocol::shard_state_request&) { return on_state(); },
    [this](const data_handed_over& m) { on_data_handed_over(m); },
    [this](follow_atom) { follow([](follower& f) { f.go(); }); },
    [this](const runtime::directory::role_up& m) { follow([&](follower& f) { f.source_up(m.host, m.handle); }); },
    [this](const runtime::directory::role_down& m) { follow([&](follower& f) { f.source_down(m.host, m.reason); }); },
  };
}

// -- opening ----------------------------------------------------------------------------------------------

// The folder may still be held by our predecessor's committer, until its sync returns. Requests wait in the
// mailbox.
void shard_actor::on_open() {
  try {
    engine_ = options_.open();
  } catch (const storage::error& e) {
    const auto waited = std::chrono::microseconds(options_.clock->monotonic_us() - open_since_us());
    if (e.code() != storage::error_code::locked || waited >= options_.bounds.open_wait_max)
      throw;
    delayed_send(this, options_.bounds.open_retry, open_atom::value);
    return;
  }
  const auto owner = engine_->owner();
  if (owner.state == storage::owner_state::serving)
    serve();
  else if (owner.state == storage::owner_state::handed_over)
    stay_handed_over(owner);
  else
    begin_following(owner);
}

void shard_actor::serve() {
  mode_ = shard_mode::serving;
  show_revision(engine_->current());
  committer_ = spawn_committer(system(), {engine_, queue_, options_.clock,
                                          caf::actor_cast<commit_listener>(this), options_.own_threads});
  link_to(committer_);
  if (options_.on_part)
    options_.on_part("committer", caf::actor_cast<caf::strong_actor_ptr>(committer_));
  options_.log.info(
    "shard opened",
    {{"shard", options_.shard}, {"revision", engine_->current()}, {"oldest", engine_->oldest()}, {"from_log", engine_->replayed()}});
  delayed_send(this, options_.bounds.compact_interval, compact_atom::value);
  if (options_.on_ready)
    options_.on_ready(caf::actor_cast<caf::strong_actor_ptr>(this));
}

void shard_actor::begin_following(const storage::owner_record& owner) {
  mode_ = shard_mode::following;
  options_.log.info("the shard is on another host: this is to be a copy of it",
                    {{"shard", options_.shard}, {"revision", engine_->current()}, {"from", owner.peer}});
  follower_ = std::make_unique<follower>(
    this, options_, engine_,
    follower::hooks{[this](std::chrono::milliseconds delay) { delayed_send(this, delay, follow_atom::value); }, [this] { serve(); }});
  if (options_.find_source)
    options_.find_source(caf::actor_cast<caf::strong_actor_ptr>(this));
}

// Its successor may still need the rest.
void shard_actor::stay_handed_over(const storage::owner_record& owner) {
  mode_ = shard_mode::handed_over;
  options_.log.info("the shard's data was handed over",
                    {{"shard", options_.shard}, {"to", owner.peer}, {"revision", owner.last}, {"epoch", owner.epoch}});
  if (options_.on_ready)
    options_.on_ready(caf::actor_cast<caf::strong_actor_ptr>(this));
}

// Before the writes up to `revision` are acknowledged, and before anybody else may acknowledge any.
void shard_actor::show_revision(int64_t revision) {
  if (options_.revision && mode_ != shard_mode::handing_over)
    options_.revision->store(revision, std::memory_order_release);
}

// For everything but writes: nobody who asks here shall be told what is not true any more.
caf::error shard_actor::not_here() const {
  const auto owner = engine_->owner();
  return make_failure("the store shard " + options_.shard +
                      (owner.state == storage::owner_state::serving ? " moves to another host"
                       : owner.state == storage::owner_state::handed_over ? " has moved to host " + owner.peer
                                                                           : " is copied from host " + owner.peer));
}

int64_t shard_actor::open_since_us() {
  if (!open_since_us_)
    open_since_us_ = options_.clock->monotonic_us();
  return *open_since_us_;
}

runtime::protocols::store_actor spawn_shard(caf::actor_system& system, shard_options options) {
  if (options.own_threads)
    return system.spawn<shard_actor, caf::detached>(std::move(options));
  return system.spawn<shard_actor>(std::move(options));
}

} // namespace actors::store
