// The store shard's typed interface, and the one that its watchers (apiservers) have.
#pragma once

#include "messages/roles/store_generated.h"
#include "runtime/transport/message.hpp"

namespace runtime::protocols {

namespace store {
using namespace messages::roles::store;
using commit_request = transport::message<CommitRequest>;
using commit_reply = transport::message<CommitReply>;
using fence_request = transport::message<FenceRequest>;
using fence_reply = transport::message<FenceReply>;
using range_request = transport::message<RangeRequest>;
using range_reply = transport::message<RangeReply>;
using revision_request = transport::message<RevisionRequest>;
using revision_reply = transport::message<RevisionReply>;
using watch_request = transport::message<WatchRequest>;
using watch_reply = transport::message<WatchReply>;
using shard_changes = transport::message<ShardChanges>;
using shard_changes_ack = transport::message<ShardChangesAck>;
/// A watcher acknowledges each so-manieth message, with all before it. A shard's window is larger.
constexpr size_t changes_per_ack = 4;
using copy_request = transport::message<CopyRequest>;
using copy_reply = transport::message<CopyReply>;
using hand_over_request = transport::message<HandOverRequest>;
using hand_over_reply = transport::message<HandOverReply>;
using shard_state_request = transport::message<ShardStateRequest>;
using shard_state_reply = transport::message<ShardStateReply>;
} // namespace store

/// Store shards. Requests are answered after durability (commit) or at once (the others).
using store_actor = caf::typed_actor<
  caf::replies_to<store::commit_request>::with<store::commit_reply>,
  caf::replies_to<store::fence_request>::with<store::fence_reply>,
  caf::replies_to<store::range_request>::with<store::range_reply>,
  caf::replies_to<store::revision_request>::with<store::revision_reply>,
  caf::replies_to<store::watch_request>::with<store::watch_reply>,
  caf::reacts_to<store::shard_changes_ack>>;

/// The same shards, as a copy on another host and the keeper see them: any handle of a shard is one of these too.
using store_copy_actor = caf::typed_actor<caf::replies_to<store::copy_request>::with<store::copy_reply>,
                                          caf::replies_to<store::hand_over_request>::with<store::hand_over_reply>,
                                          caf::replies_to<store::shard_state_request>::with<store::shard_state_reply>>;

/// What the sender of a watch request must accept.
using shard_watcher_actor = caf::typed_actor<caf::reacts_to<store::shard_changes>>;

} // namespace runtime::protocols
