// The history of a shard: what of it is forgotten when, step by step between the batches.
#include "actors/store/shard_actor.hpp"

#include "actors/store/decide_compaction.hpp"

namespace actors::store {

void shard_actor::on_compact() {
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
void shard_actor::start_compaction() {
  compacting_since_us_ = options_.clock->monotonic_us();
  late_compaction_told_ = false;
  send(committer_, compact_history{compact_before_, options_.bounds.compact_changes_max});
}

// A slow disk is no reason to end: writes wait for it too, and their own deadlines tell their senders.
void shard_actor::warn_of_late_compaction() {
  const std::chrono::microseconds taken{options_.clock->monotonic_us() - *compacting_since_us_};
  if (late_compaction_told_ || taken < options_.bounds.compact_step_max)
    return;
  late_compaction_told_ = true;
  options_.log.warning("a step of compaction takes long, the disk is slow",
                       {{"shard", options_.shard}, {"seconds", taken.count() / 1'000'000}});
}

void shard_actor::on_history_compacted(const history_compacted& done) {
  compacting_since_us_.reset();
  if (!done.failure.empty())
    options_.log.error("compaction failed", {{"shard", options_.shard}, {"reason", done.failure}});
  else if (done.more && mode_ == shard_mode::serving)
    start_compaction();
}

} // namespace actors::store
