// The shard actor: gathers writes while a batch syncs, answers when it is durable, then pushes the changes to
// its watchers. Reads are served here, on the shard's own thread: an engine's read never waits for a sync,
// pages are bounded, and one thread for all of a shard's reads keeps a cold disk away from CAF's shared
// workers.
#include "actors/store/change_feed.hpp"
#include "actors/store/commit_actor.hpp"
#include "actors/store/decide_compaction.hpp"
#include "actors/store/shard_actor_follower.hpp"
#include "actors/store/store.hpp"
#include "actors/store/watch_window.hpp"

#include "runtime/telemetry/metered.hpp"
#include "runtime/transport/ask.hpp"

#include <cassert>
#include <deque>
#include <map>

namespace actors::store {

namespace fb = messages::roles::store;
using runtime::protocols::shard_watcher_actor;
using runtime::telemetry::make_failure;

namespace {

using open_atom = caf::atom_constant<caf::atom("open")>;
using compact_atom = caf::atom_constant<caf::atom("compact")>;
using push_atom = caf::atom_constant<caf::atom("push")>;
using follow_atom = caf::atom_constant<caf::atom("follow")>;

// What its committer and the shard itself send to it.
using shard_interface =
  runtime::protocols::store_actor::extend<caf::reacts_to<batch_committed>, caf::reacts_to<history_compacted>,
                                          caf::reacts_to<data_handed_over>, caf::reacts_to<open_atom>,
                                          caf::reacts_to<compact_atom>, caf::reacts_to<push_atom>, caf::reacts_to<follow_atom>>::
    extend_with<runtime::protocols::store_copy_actor>::extend_with<runtime::directory::subscriber>;

// What this actor is at the moment; the engine's owner record says it durably.
enum class shard_mode : uint8_t { opening, following, serving, handing_over, handed_over };

class shard_actor : public runtime::telemetry::metered<shard_interface::base> {
public:
  using promise = caf::typed_response_promise<protocol::commit_reply>;

  struct watcher {
    shard_watcher_actor handle;
    watch_window window;
  };

  shard_actor(caf::actor_config& cfg, shard_options options)
      : metered(cfg),
        options_(std::move(options)),
        queue_(std::make_shared<commit_queue>(options_.bounds)),
        feed_(options_.shard, options_.bounds) {
    set_down_handler([this](caf::down_msg& down) { watchers_.erase(down.source); });
  }

  // Not in the destructor: watchers hold our handle for a while, and the folder must be free for a successor.
  void on_exit() override {
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

protected:
  behavior_type make_behavior() override {
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

private:
  // -- opening ----------------------------------------------------------------------------------------------

  // The folder may still be held by our predecessor's committer, until its sync returns. Requests wait in the
  // mailbox.
  void on_open() {
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

  void serve() {
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

  void begin_following(const storage::owner_record& owner) {
    mode_ = shard_mode::following;
    options_.log.info("the shard is on another host: this is to be a copy of it",
                      {{"shard", options_.shard}, {"revision", engine_->current()}, {"from", owner.peer}});
    follower_ = std::make_unique<follower>(
      this, options_, engine_,
      follower::hooks{[this](std::chrono::milliseconds delay) { delayed_send(this, delay, follow_atom::value); }, [this] { serve(); }});
    if (options_.find_source)
      options_.find_source(caf::actor_cast<caf::strong_actor_ptr>(this));
  }

  template <class Step>
  void follow(Step step) {
    if (mode_ == shard_mode::following)
      step(*follower_);
  }

  // Its successor may still need the rest.
  void stay_handed_over(const storage::owner_record& owner) {
    mode_ = shard_mode::handed_over;
    options_.log.info("the shard's data was handed over",
                      {{"shard", options_.shard}, {"to", owner.peer}, {"revision", owner.last}, {"epoch", owner.epoch}});
    if (options_.on_ready)
      options_.on_ready(caf::actor_cast<caf::strong_actor_ptr>(this));
  }

  // Before the writes up to `revision` are acknowledged, and before anybody else may acknowledge any.
  void show_revision(int64_t revision = runtime::host::shard_revisions::unknown) {
    if (options_.revision && mode_ != shard_mode::handing_over)
      options_.revision->store(revision, std::memory_order_release);
  }

  // For everything but writes: nobody who asks here shall be told what is not true any more.
  caf::error not_here() const {
    const auto owner = engine_->owner();
    return make_failure("the store shard " + options_.shard +
                        (owner.state == storage::owner_state::serving ? " moves to another host"
                         : owner.state == storage::owner_state::handed_over ? " has moved to host " + owner.peer
                                                                             : " is copied from host " + owner.peer));
  }

  bool is_shard() const { return mode_ == shard_mode::serving || mode_ == shard_mode::handing_over; }

  int64_t open_since_us() {
    if (!open_since_us_)
      open_since_us_ = options_.clock->monotonic_us();
    return *open_since_us_;
  }

  // -- writes -----------------------------------------------------------------------------------------------

  caf::result<protocol::commit_reply> on_commit(const protocol::commit_request& request) {
    if (!engine_)
      return caf::skip();
    if (const auto fault = find_fault(request, options_.bounds.request_writes_max))
      return make_failure("the store refused a request: " + *fault);
    auto answer = make_response_promise<protocol::commit_reply>();
    if (mode_ != shard_mode::serving) {
      answer.deliver(to_reply(request->writes()->size(), fb::WriteStatus::moving,
                              "the store shard " + options_.shard + " moves to another host"));
      return answer;
    }
    const auto outcome = queue_->push(request);
    if (outcome == commit_queue::outcome::full) {
      answer.deliver(to_reply(request->writes()->size(), fb::WriteStatus::overloaded,
                              "too many requests: " + std::to_string(queue_->writes()) +
                                " writes wait for the store shard " + options_.shard +
                                ", please try again later"));
      return answer;
    }
    answers_.push_back(answer);
    if (outcome == commit_queue::outcome::wake_up) {
      if (may_commit_here())
        commit_here();
      else
        send(committer_, drain_atom::value);
    }
    return answer;
  }

  // A lone write does not go to the committer's thread and back, two wake-ups that take as long as its sync. With more in the
  // mailbox, the committer works while this thread gathers the next batch; a read waits for at most one sync.
  bool may_commit_here() { return options_.commits_lone_writes && !compacting_since_us_ && !hand_over_ && mailbox().empty(); }

  void commit_here() {
    for (;;) {
      const commit_batch batch{queue_->take_batch(), options_.clock->wall_seconds()};
      if (batch.requests.empty())
        return;
      on_batch_committed(commit(*engine_, batch));
    }
  }

  // By the committer, so that a batch is wholly before or wholly after it.
  caf::result<protocol::fence_reply> on_fence(const protocol::fence_request& request) {
    if (!engine_)
      return caf::skip();
    if (mode_ != shard_mode::serving)
      return not_here();
    if (const auto fault = find_fault(request))
      return make_failure("the store refused a request: " + *fault);
    return delegate(committer_, request);
  }

  // The committer is at its next batch already.
  void on_batch_committed(const batch_committed& done) {
    if (!done.failure.empty()) {
      options_.log.error("commit failed", {{"shard", options_.shard}, {"reason", done.failure}});
      quit(make_failure(done.failure));
      return;
    }
    assert(done.replies.size() <= answers_.size());
    show_revision(engine_->current());
    for (const auto& reply : done.replies) {
      answers_.front().deliver(reply);
      answers_.pop_front();
    }
    push_changes();
    order_hand_over();
  }

  // -- reads ------------------------------------------------------------------------------------------------

  caf::result<protocol::range_reply> on_range(const protocol::range_request& request) {
    if (!engine_)
      return caf::skip();
    if (!is_shard())
      return not_here();
    if (!request.valid())
      return make_failure("the message was damaged on its way");
    const auto asked =
      request->limit() > 0 ? static_cast<size_t>(request->limit()) : options_.bounds.range_records_max;
    const auto text = [](const flatbuffers::String* s) { return s ? s->string_view() : std::string_view(); };
    try {
      return to_reply(engine_->range(text(request->prefix()), text(request->after()),
                                     std::min(asked, options_.bounds.range_records_max),
                                     request->revision()));
    } catch (const storage::compacted& gone) {
      fb::RangeReplyT reply;
      reply.revision = gone.oldest();
      reply.compacted = true;
      return protocol::range_reply{reply};
    } catch (const storage::error& e) {
      return read_failure(e);
    }
  }

  caf::result<protocol::revision_reply> on_revision() {
    if (!engine_)
      return caf::skip();
    if (!is_shard())
      return not_here();
    fb::RevisionReplyT reply;
    reply.current = engine_->current();
    reply.oldest = std::max(engine_->oldest(), unreadable_to_);
    return protocol::revision_reply{reply};
  }

  caf::error read_failure(const storage::error& e) {
    options_.log.error("read failed", {{"shard", options_.shard}, {"reason", e.what()}});
    return make_failure(e.what());
  }

  // -- watches ----------------------------------------------------------------------------------------------

  caf::result<protocol::watch_reply> on_watch(const protocol::watch_request& request) {
    if (!engine_)
      return caf::skip();
    if (!is_shard())
      return not_here();
    const auto source = current_sender();
    if (!request.valid() || source == nullptr)
      return make_failure("a watch needs a sender");
    if (watchers_.size() >= options_.bounds.watchers_max && !watchers_.count(source->address()))
      return make_failure("the store shard " + options_.shard + " has its maximum of watchers");
    fb::WatchReplyT reply;
    reply.current = engine_->current();
    reply.oldest = engine_->oldest();
    // A watcher ahead of us saw another life of this store (restored from a backup): its view is void.
    reply.oldest = std::max(reply.oldest, unreadable_to_);
    reply.compacted = request->after() < reply.oldest || request->after() > reply.current;
    auto found = watchers_.find(source->address());
    if (reply.compacted) {
      if (found != watchers_.end())
        drop(found);
      return protocol::watch_reply{reply};
    }
    if (found == watchers_.end()) {
      monitor(source);
      found = watchers_.emplace(source->address(), watcher{{}, watch_window()}).first;
      found->second.handle = caf::actor_cast<shard_watcher_actor>(source);
    }
    found->second.window = watch_window(request->after());
    send(this, push_atom::value); // after the reply
    return protocol::watch_reply{reply};
  }

  void on_ack(const protocol::shard_changes_ack& ack) {
    const auto source = current_sender();
    const auto found = source && ack.valid() ? watchers_.find(source->address()) : watchers_.end();
    if (found == watchers_.end())
      return; // of a watch that was dropped meanwhile
    found->second.window.on_acknowledged(ack->to());
    push_to(found);
    forget_sent();
  }

  // Else a watcher whose window is full would wait for an acknowledgement that it is to give later.
  static_assert(limits{}.watch_window_max >= 2 * protocol::changes_per_ack);

  using watcher_map = std::map<caf::actor_addr, watcher>;

  void push_changes() {
    for (auto i = watchers_.begin(); i != watchers_.end();)
      i = push_to(i);
    forget_sent();
  }

  // Messages hold the objects of their changes.
  void forget_sent() {
    auto sent = engine_->current();
    for (const auto& [address, item] : watchers_)
      sent = std::min(sent, item.window.sent());
    feed_.forget(sent);
  }

  // Sends what its window takes; returns the next watcher, since a laggard is dropped.
  watcher_map::iterator push_to(watcher_map::iterator i) {
    auto& window = i->second.window;
    const auto current = engine_->current();
    try {
      while (window.sent() < current && window.may_send(options_.bounds)) {
        const auto message = feed_.next(*engine_, window.sent());
        runtime::transport::tell(this, i->second.handle, message);
        window.on_sent(message->to(), current);
      }
    } catch (const storage::compacted&) {
      return dismiss(i, "fell out of the history");
    } catch (const storage::error& e) {
      // Without it this watcher's view would be wrong. As with what was compacted away, who needs it lists anew.
      read_failure(e);
      unreadable_to_ = std::max(unreadable_to_, find_unreadable(window.sent()));
      return dismiss(i, "a change cannot be read");
    }
    if (window.lags(current, options_.bounds))
      return dismiss(i, "does not acknowledge");
    return std::next(i);
  }

  // The first revision after `after` whose change cannot be read; at most as many steps as one message has changes.
  storage::revision find_unreadable(storage::revision after) {
    try {
      while (after < engine_->current())
        after = engine_->changes(after, 1).last;
      return after;
    } catch (const std::exception&) { // the caller has told
      return after + 1;
    }
  }

  watcher_map::iterator dismiss(watcher_map::iterator i, std::string_view why) {
    options_.log.warning("watcher dropped",
                         {{"shard", options_.shard}, {"reason", why}, {"sent", i->second.window.sent()}});
    runtime::transport::tell(this, i->second.handle,
                             lagging_message(options_.shard, i->second.window.sent()));
    return drop(i);
  }

  watcher_map::iterator drop(watcher_map::iterator i) {
    demonitor(i->first);
    return watchers_.erase(i);
  }

  // -- history ----------------------------------------------------------------------------------------------

  void on_compact() {
    if (!is_shard())
      return;
    delayed_send(this, options_.bounds.compact_interval, compact_atom::value);
    if (mode_ != shard_mode::serving)
      return;
    if (options_.clock->monotonic_us() < held_until_us_ && engine_->current() - engine_->oldest() < options_.bounds.history_changes_max)
      return; // a copy is being taken
    if (compacting_since_us_)
      return warn_of_late_compaction();
    try {
      const auto aged =
        engine_->revision_before(options_.clock->wall_seconds() - options_.bounds.history_seconds);
      compact_before_ = decide_compaction(engine_->oldest(), engine_->current(), aged, options_.bounds);
    } catch (const storage::error& e) {
      read_failure(e);
      return;
    }
    if (compact_before_ > engine_->oldest())
      start_compaction();
  }

  // One bounded step; batches commit between the steps. The next one starts when this one is done, however long
  // the disk takes; when the committer ends, so does this actor.
  void start_compaction() {
    compacting_since_us_ = options_.clock->monotonic_us();
    late_compaction_told_ = false;
    send(committer_, compact_history{compact_before_, options_.bounds.compact_changes_max});
  }

  // A slow disk is no reason to end: writes wait for it too, and their own deadlines tell their senders.
  void warn_of_late_compaction() {
    const std::chrono::microseconds taken{options_.clock->monotonic_us() - *compacting_since_us_};
    if (late_compaction_told_ || taken < options_.bounds.compact_step_max)
      return;
    late_compaction_told_ = true;
    options_.log.warning("a step of compaction takes long, the disk is slow",
                         {{"shard", options_.shard}, {"seconds", taken.count() / 1'000'000}});
  }

  void on_history_compacted(const history_compacted& done) {
    compacting_since_us_.reset();
    if (!done.failure.empty())
      options_.log.error("compaction failed", {{"shard", options_.shard}, {"reason", done.failure}});
    else if (done.more && mode_ == shard_mode::serving)
      start_compaction();
  }

  // -- moving away ------------------------------------------------------------------------------------------

  caf::result<protocol::copy_reply> on_copy(const protocol::copy_request& request) {
    if (!engine_)
      return caf::skip();
    if (!request.valid())
      return make_failure("the message was damaged on its way");
    if (mode_ == shard_mode::following)
      return refused_copy("it is a copy itself");
    const auto owner = engine_->owner();
    if (owner.state == storage::owner_state::handed_over && (request->copy() == nullptr || request->copy()->string_view() != owner.copy))
      return refused_copy("the data was handed over to host " + owner.peer);
    held_until_us_ = options_.clock->monotonic_us() + std::chrono::microseconds(options_.bounds.copy_hold).count();
    try {
      const auto wished = request->bytes_max() > 0 ? static_cast<size_t>(request->bytes_max()) : options_.bounds.copy_page_bytes;
      return to_reply(engine_->copy(request->after(), std::min(wished, options_.bounds.copy_page_bytes)));
    } catch (const storage::error& e) {
      return read_failure(e);
    }
  }

  struct hand_over_job {
    hand_over_order order;
    caf::typed_response_promise<protocol::hand_over_reply> answer;
    bool ordered = false;
  };

  caf::result<protocol::hand_over_reply> on_hand_over(const protocol::hand_over_request& request) {
    if (!engine_)
      return caf::skip();
    if (!request.valid() || request->copy() == nullptr || request->host() == nullptr)
      return make_failure("the message was damaged on its way");
    const hand_over_order order{request->copy()->str(), request->host()->str()};
    if (mode_ == shard_mode::following)
      return refused_hand_over("it is a copy itself");
    if (mode_ == shard_mode::handed_over) {
      const auto done = hand_over(*engine_, order);
      return done.failure.empty() ? to_reply(done.owner, done.fences) : refused_hand_over(done.failure);
    }
    const auto lag = engine_->current() - request->after();
    if (lag < 0 || lag > options_.bounds.hand_over_lag_max)
      return refused_hand_over("the copy is " + std::to_string(lag) + " changes behind");
    if (hand_over_ && hand_over_->order.copy != order.copy)
      return refused_hand_over("another copy takes over");
    auto answer = make_response_promise<protocol::hand_over_reply>();
    if (hand_over_) { // the first answer would come too late
      hand_over_->answer = answer;
      return answer;
    }
    options_.log.info("the shard is handed over", {{"shard", options_.shard}, {"to", order.host}, {"copy", order.copy}});
    show_revision();
    mode_ = shard_mode::handing_over; // from here on no write is taken; those that were are finished first
    hand_over_ = hand_over_job{order, answer};
    order_hand_over();
    return answer;
  }

  void order_hand_over() {
    if (!hand_over_ || hand_over_->ordered || !answers_.empty())
      return;
    hand_over_->ordered = true;
    send(committer_, hand_over_->order);
  }

  void on_data_handed_over(const data_handed_over& done) {
    if (!hand_over_)
      return;
    if (done.open_again) {
      options_.log.error("handing over failed", {{"shard", options_.shard}, {"reason", done.failure}});
      quit(make_failure(done.failure));
      return;
    }
    mode_ = done.failure.empty() ? shard_mode::handed_over : shard_mode::serving;
    if (mode_ == shard_mode::serving)
      show_revision(engine_->current());
    hand_over_->answer.deliver(done.failure.empty() ? to_reply(done.owner, done.fences) : refused_hand_over(done.failure));
    hand_over_.reset();
  }

  caf::result<protocol::shard_state_reply> on_state() {
    using enum fb::ShardPhase;
    fb::ShardStateReplyT reply;
    if (mode_ == shard_mode::following) {
      reply = follower_->state();
    } else if (mode_ != shard_mode::opening) {
      const auto owner = engine_->owner();
      reply.phase = mode_ == shard_mode::handed_over ? handed_over : serving;
      reply.epoch = owner.epoch;
      reply.revision = engine_->current();
      reply.peer = owner.peer;
      reply.pause_us = follower_ ? follower_->pause_us() : 0;
    }
    return protocol::shard_state_reply{reply};
  }

  shard_options options_;
  std::shared_ptr<storage::engine> engine_;
  commit_actor committer_;
  std::optional<int64_t> open_since_us_;
  shard_mode mode_ = shard_mode::opening;
  std::unique_ptr<follower> follower_; // of a shard that is, or was in this process, a copy
  std::optional<hand_over_job> hand_over_;
  int64_t held_until_us_ = 0; // no history is forgotten before

  std::shared_ptr<commit_queue> queue_;
  std::deque<promise> answers_; // of the requests in the queue and at the committer, in their order

  watcher_map watchers_;
  change_feed feed_;

  std::optional<int64_t> compacting_since_us_; // a step is under way
  bool late_compaction_told_ = false;
  storage::revision unreadable_to_ = 0; // up to here a change is damaged: history begins after it
  storage::revision compact_before_ = 0;
};

} // namespace

runtime::protocols::store_actor spawn_shard(caf::actor_system& system, shard_options options) {
  if (options.own_threads)
    return system.spawn<shard_actor, caf::detached>(std::move(options));
  return system.spawn<shard_actor>(std::move(options));
}

} // namespace actors::store
