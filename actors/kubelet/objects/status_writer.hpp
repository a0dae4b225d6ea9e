// The status of a pod as the strategic merge patch that is sent to its status subresource.
#pragma once
#include "actors/kubelet/pods/pod_status.hpp"
#include "messages/codec/draft.hpp"

namespace actors::kubelet::objects {

/// Whole lists of containers, the kubelet's own conditions (others in the object stay), explicit nulls for
/// what is absent; metadata.uid guards against a successor of the same name.
messages::codec::draft status_patch(const std::string& uid, const pods::pod_status&);

} // namespace actors::kubelet::objects
