// The shard's second actor: commits batches and compacts, on a thread of its own, so that a sync holds up
// neither reads nor the gathering of the next batch. In the simulation the same actor runs under the test
// coordinator.
#pragma once

#include "actors/store/commit_queue.hpp"
#include "actors/store/conversion.hpp"
#include "runtime/seams/clock.hpp"

#include <caf/all.hpp>

#include <memory>

namespace actors::store {

struct commit_batch {
  std::vector<protocol::commit_request> requests;
  int64_t unix_second = 0;
};

// `failure` not empty: the disk failed, the outcome of the batch is unknown and the engine must be opened
// again.
struct batch_committed {
  std::vector<protocol::commit_reply> replies; // one per request
  std::string failure;
};

struct compact_history {
  storage::revision before = 0;
  size_t changes_max = 0;
};

struct history_compacted {
  bool more = false;
  std::string failure; // it is tried again at the next interval
};

// Behind all batches that were queued before.
struct hand_over_order {
  std::string copy;
  std::string host;
};

struct data_handed_over {
  storage::owner_record owner;
  std::vector<storage::fence_entry> fences;
  std::string failure;      // not empty: the shard goes on
  bool open_again = false;  // the disk failed: whether it was handed over is known when the engine is opened again
};

// One commit per request and failure rules, without actors: what commit_actor does with a batch.
batch_committed commit(storage::engine& engine, const commit_batch& batch);
history_compacted compact(storage::engine& engine, const compact_history& order);
data_handed_over hand_over(storage::engine& engine, const hand_over_order& order);

// There may be something in the queue.
using drain_atom = caf::atom_constant<caf::atom("drain")>;

using commit_actor = caf::typed_actor<caf::reacts_to<drain_atom>, caf::reacts_to<compact_history>, caf::reacts_to<hand_over_order>,
                                      caf::replies_to<protocol::fence_request>::with<protocol::fence_reply>>;
// Is told the results of the queue's requests, in their order, and of each step of compaction.
using commit_listener = caf::typed_actor<caf::reacts_to<batch_committed>, caf::reacts_to<history_compacted>,
                                         caf::reacts_to<data_handed_over>>;

struct commit_options {
  std::shared_ptr<storage::engine> engine;
  std::shared_ptr<commit_queue> queue;
  runtime::seams::clock_ptr clock;
  commit_listener listener;
  // The seam: with a thread of its own, or as an ordinary actor.
  bool own_thread = true;
};

commit_actor spawn_committer(caf::actor_system& system, commit_options options);

} // namespace actors::store

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::store::commit_batch)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::store::batch_committed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::store::compact_history)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::store::history_compacted)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::store::hand_over_order)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::store::data_handed_over)
