#include "actors/store/commit_actor.hpp"

#include "runtime/telemetry/metered.hpp"

namespace actors::store {

namespace fb = messages::roles::store;

namespace {

size_t writes_of(const protocol::commit_request& request) { return request->writes()->size(); }

// The newer epoch of its writer's role, 0: the writer may write.
int64_t fenced_by(storage::engine& engine, const protocol::commit_request& request) {
  if (request->writer_epoch() <= 0 || request->writer_role() == nullptr)
    return 0;
  const auto epoch = engine.fence(request->writer_role()->string_view());
  return epoch > request->writer_epoch() ? epoch : 0;
}

// Every request of the batch in one transaction, but those of fenced writers.
std::vector<protocol::commit_reply> commit_together(storage::engine& engine, const commit_batch& batch) {
  std::vector<storage::write> writes;
  std::vector<int64_t> fences;
  for (const auto& r : batch.requests) {
    fences.push_back(fenced_by(engine, r));
    if (fences.back() == 0)
      append_writes(r, writes);
  }
  const auto results = engine.commit(writes, batch.unix_second);
  std::vector<protocol::commit_reply> replies;
  auto left = std::span(results);
  for (size_t i = 0; i < batch.requests.size(); ++i) {
    const auto& r = batch.requests[i];
    if (fences[i] != 0) {
      replies.push_back(fenced_reply(writes_of(r), fences[i]));
      continue;
    }
    replies.push_back(to_reply(left.first(writes_of(r))));
    left = left.subspan(writes_of(r));
  }
  return replies;
}

batch_committed refuse_all(const commit_batch& batch, const std::string& why) {
  batch_committed done;
  for (const auto& r : batch.requests)
    done.replies.push_back(to_reply(writes_of(r), fb::WriteStatus::failed, why));
  return done;
}

class committer : public runtime::telemetry::metered<commit_actor::base> {
public:
  committer(caf::actor_config& cfg, commit_options options) : metered(cfg), options_(std::move(options)) {}

  // Not in the destructor: others may hold our handle for long, and the folder must be free for a successor.
  void on_exit() override { options_ = {}; }

protected:
  behavior_type make_behavior() override {
    return {[this](drain_atom) { on_drain(); },
            [this](const compact_history& order) { send(options_.listener, compact(*options_.engine, order)); },
            [this](const hand_over_order& order) { send(options_.listener, hand_over(*options_.engine, order)); },
            [this](const protocol::fence_request& request) { return on_fence(request); }};
  }

private:
  // One batch per message, so that a step of compaction gets its turn between two batches.
  void on_drain() {
    commit_batch batch{options_.queue->take_batch(), options_.clock->wall_seconds()};
    if (batch.requests.empty())
      return;
    auto done = commit(*options_.engine, batch);
    const bool failed = !done.failure.empty();
    send(options_.listener, std::move(done));
    if (!failed) // else the shard ends, and with it this actor
      send(this, drain_atom::value);
  }

  // Between two batches: what is queued with an older epoch is refused when its batch comes.
  caf::result<protocol::fence_reply> on_fence(const protocol::fence_request& request) {
    try {
      fb::FenceReplyT reply;
      reply.epoch = options_.engine->raise_fence(request->role()->string_view(), request->epoch());
      return protocol::fence_reply{reply};
    } catch (const storage::error& e) {
      if (e.code() != storage::error_code::disk_full && e.code() != storage::error_code::moved)
        send(options_.listener, batch_committed{{}, e.what()}); // the engine must be opened again
      return runtime::telemetry::make_failure(e.what());
    }
  }

  commit_options options_;
};

} // namespace

batch_committed commit(storage::engine& engine, const commit_batch& batch) {
  try {
    return {commit_together(engine, batch), {}};
  } catch (const storage::error& e) {
    switch (e.code()) {
      case storage::error_code::disk_full:
        return refuse_all(batch, e.what());
      case storage::error_code::corrupt: {
        // One damaged key must not fail the requests that happen to share its batch.
        if (batch.requests.size() == 1)
          return refuse_all(batch, e.what());
        batch_committed done;
        for (const auto& r : batch.requests) {
          auto alone = commit(engine, {{r}, batch.unix_second});
          if (!alone.failure.empty())
            return alone;
          done.replies.push_back(std::move(alone.replies.front()));
        }
        return done;
      }
      default:
        return {{}, e.what()};
    }
  }
}

history_compacted compact(storage::engine& engine, const compact_history& order) {
  try {
    const auto done = engine.compact(order.before, order.changes_max);
    return {done > 0 && engine.oldest() < order.before, {}};
  } catch (const storage::error& e) {
    return {false, e.what()};
  }
}

data_handed_over hand_over(storage::engine& engine, const hand_over_order& order) {
  try {
    auto fences = engine.fences();
    return {engine.hand_over(order.copy, order.host), std::move(fences), {}, false};
  } catch (const storage::error& e) {
    const bool goes_on = e.code() == storage::error_code::disk_full || e.code() == storage::error_code::moved;
    return {{}, {}, e.what(), !goes_on};
  }
}

commit_actor spawn_committer(caf::actor_system& system, commit_options options) {
  if (options.own_thread)
    return system.spawn<committer, caf::detached>(std::move(options));
  return system.spawn<committer>(std::move(options));
}

} // namespace actors::store
