// The apiserver's typed interface for the other roles, and the one that its watchers have.
#pragma once

#include "messages/roles/apiserver_generated.h"
#include "runtime/transport/message.hpp"

namespace runtime::protocols {

namespace apiserver {
using namespace messages::roles::apiserver;
using write_request = transport::message<WriteRequest>;
using write_reply = transport::message<WriteReply>;
using get_request = transport::message<GetRequest>;
using get_reply = transport::message<GetReply>;
using watch_request = transport::message<WatchRequest>;
using watch_reply = transport::message<WatchReply>;
using watch_batch = transport::message<WatchBatch>;
using watch_ack = transport::message<WatchAck>;
using watch_cancel = transport::message<WatchCancel>;
using progress_request = transport::message<ProgressRequest>;
using progress_reply = transport::message<ProgressReply>;
} // namespace apiserver

using apiserver_actor = caf::typed_actor<
  caf::replies_to<apiserver::write_request>::with<apiserver::write_reply>,
  caf::replies_to<apiserver::get_request>::with<apiserver::get_reply>,
  caf::replies_to<apiserver::watch_request>::with<apiserver::watch_reply>,
  caf::replies_to<apiserver::progress_request>::with<apiserver::progress_reply>,
  caf::reacts_to<apiserver::watch_ack>, caf::reacts_to<apiserver::watch_cancel>>;

/// What the sender of a watch request must accept.
using watcher_actor = caf::typed_actor<caf::reacts_to<apiserver::watch_batch>>;

} // namespace runtime::protocols
