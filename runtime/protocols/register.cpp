// The list of wire messages.
#include "runtime/protocols/register.hpp"

#include "runtime/protocols/apiserver.hpp"
#include "runtime/protocols/kubelet.hpp"
#include "runtime/protocols/store.hpp"

namespace runtime::protocols {

void register_messages(caf::actor_system_config& config) {
  config.add_message_type<store::commit_request>("store.CommitRequest")
    .add_message_type<store::commit_reply>("store.CommitReply")
    .add_message_type<store::fence_request>("store.FenceRequest")
    .add_message_type<store::fence_reply>("store.FenceReply")
    .add_message_type<store::range_request>("store.RangeRequest")
    .add_message_type<store::range_reply>("store.RangeReply")
    .add_message_type<store::revision_request>("store.RevisionRequest")
    .add_message_type<store::revision_reply>("store.RevisionReply")
    .add_message_type<store::watch_request>("store.WatchRequest")
    .add_message_type<store::watch_reply>("store.WatchReply")
    .add_message_type<store::shard_changes>("store.ShardChanges")
    .add_message_type<store::shard_changes_ack>("store.ShardChangesAck")
    .add_message_type<store::copy_request>("store.CopyRequest")
    .add_message_type<store::copy_reply>("store.CopyReply")
    .add_message_type<store::hand_over_request>("store.HandOverRequest")
    .add_message_type<store::hand_over_reply>("store.HandOverReply")
    .add_message_type<store::shard_state_request>("store.ShardStateRequest")
    .add_message_type<store::shard_state_reply>("store.ShardStateReply");
  config.add_message_type<apiserver::write_request>("apiserver.WriteRequest")
    .add_message_type<apiserver::write_reply>("apiserver.WriteReply")
    .add_message_type<apiserver::get_request>("apiserver.GetRequest")
    .add_message_type<apiserver::get_reply>("apiserver.GetReply")
    .add_message_type<apiserver::watch_request>("apiserver.WatchRequest")
    .add_message_type<apiserver::watch_reply>("apiserver.WatchReply")
    .add_message_type<apiserver::watch_batch>("apiserver.WatchBatch")
    .add_message_type<apiserver::watch_ack>("apiserver.WatchAck")
    .add_message_type<apiserver::watch_cancel>("apiserver.WatchCancel")
    .add_message_type<apiserver::progress_request>("apiserver.ProgressRequest")
    .add_message_type<apiserver::progress_reply>("apiserver.ProgressReply");
  config.add_message_type<kubelet::read_log_request>("kubelet.ReadLogRequest")
    .add_message_type<kubelet::read_log_reply>("kubelet.ReadLogReply");
}

} // namespace runtime::protocols
