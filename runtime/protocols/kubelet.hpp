// The kubelet's typed interface for apiservers.
#pragma once

#include "messages/roles/kubelet_generated.h"
#include "runtime/transport/message.hpp"

namespace runtime::protocols {

namespace kubelet {
using namespace messages::roles::kubelet;
using read_log_request = transport::message<ReadLogRequest>;
using read_log_reply = transport::message<ReadLogReply>;
} // namespace kubelet

using kubelet_actor = caf::typed_actor<caf::replies_to<kubelet::read_log_request>::with<kubelet::read_log_reply>>;

} // namespace runtime::protocols
