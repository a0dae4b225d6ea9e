// The actor of one shard. Private to the store; its parts are in shard_actor*.cpp by subject, all of them run on this actor alone.
#pragma once

#include "actors/store/change_feed.hpp"
#include "actors/store/commit_actor.hpp"
#include "actors/store/shard_actor_follower.hpp"
#include "actors/store/store.hpp"
#include "actors/store/watch_window.hpp"

#include "runtime/telemetry/metered.hpp"

#include <deque>
#include <map>

namespace actors::store {

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

  shard_actor(caf::actor_config& cfg, shard_options options);

  // Not in the destructor: watchers hold our handle for a while, and the folder must be free for a successor.
  void on_exit() override;

protected:
  behavior_type make_behavior() override;

private:
  struct watcher {
    runtime::protocols::shard_watcher_actor handle;
    watch_window window;
  };
  using watcher_map = std::map<caf::actor_addr, watcher>;

  struct hand_over_job {
    hand_over_order order;
    caf::typed_response_promise<protocol::hand_over_reply> answer;
    bool ordered = false;
  };

  // ---- shard_actor.cpp ----
  void on_open();
  void serve();
  void begin_following(const storage::owner_record& owner);
  template <class Step>
  void follow(Step step);
  void stay_handed_over(const storage::owner_record& owner);
  void show_revision(int64_t revision = runtime::host::shard_revisions::unknown);
  caf::error not_here() const;
  bool is_shard() const { return mode_ == shard_mode::serving || mode_ == shard_mode::handing_over; }
  int64_t open_since_us();

  // ---- shard_actor_writes.cpp ----
  caf::result<protocol::commit_reply> on_commit(const protocol::commit_request& request);
  bool may_commit_here();
  void commit_here();
  caf::result<protocol::fence_reply> on_fence(const protocol::fence_request& request);
  void on_batch_committed(const batch_committed& done);

  // ---- shard_actor_reads.cpp ----
  caf::result<protocol::range_reply> on_range(const protocol::range_request& request);
  caf::result<protocol::revision_reply> on_revision();
  caf::error read_failure(const storage::error& e);

  // ---- shard_actor_watches.cpp ----
  caf::result<protocol::watch_reply> on_watch(const protocol::watch_request& request);
  void on_ack(const protocol::shard_changes_ack& ack);
  void push_changes();
  void forget_sent();
  watcher_map::iterator push_to(watcher_map::iterator i);
  storage::revision find_unreadable(storage::revision after);
  watcher_map::iterator dismiss(watcher_map::iterator i, std::string_view why);
  watcher_map::iterator drop(watcher_map::iterator i);

  // ---- shard_actor_history.cpp ----
  void on_compact();
  void start_compaction();
  void warn_of_late_compaction();
  void on_history_compacted(const history_compacted& done);

  // ---- shard_actor_moves.cpp ----
  caf::result<protocol::copy_reply> on_copy(const protocol::copy_request& request);
  caf::result<protocol::hand_over_reply> on_hand_over(const protocol::hand_over_request& request);
  void order_hand_over();
  void on_data_handed_over(const data_handed_over& done);
  caf::result<protocol::shard_state_reply> on_state();

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

} // namespace actors::store
