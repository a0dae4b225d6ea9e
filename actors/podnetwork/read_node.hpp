// Node objects to plain values, and what this role says about its own node as patches. Pure.
#pragma once

#include "actors/podnetwork/plan/model.hpp"
#include "messages/codec/draft.hpp"

namespace messages::api::core::v1 {
struct Node;
}

namespace actors::podnetwork {

// How others reach this node's pods.
inline constexpr const char* transport_annotation = "troupe.dev/pod-network";
// The largest packet of a pod; the kubelet writes it into the CNI configuration.
inline constexpr const char* mtu_annotation = "troupe.dev/pod-mtu";

plan::node_view read_node(const messages::api::core::v1::Node& node);

// What is said about our node, or was found in its Node.
struct node_state {
  std::string transport;
  std::string mtu; // "": nothing
  bool available = false;
  std::string reason, message; // of the condition NetworkUnavailable

  bool operator==(const node_state&) const = default;
};

// The condition's message is bounded: an error may be long.
inline constexpr size_t message_length_max = 1024;

node_state state_as_wanted(const std::string& transport, uint32_t mtu, const std::string& error);
node_state read_state(const messages::api::core::v1::Node& node);
messages::codec::draft annotations_patch(const node_state& state);
// `since_seconds`: when `available` became what it is.
messages::codec::draft condition_patch(const node_state& state, int64_t now_seconds, int64_t since_seconds);
// lastTransitionTime of the condition if it says what `state` says, else `now_seconds`.
int64_t transition_seconds(const messages::api::core::v1::Node& node, const node_state& state, int64_t now_seconds);

} // namespace actors::podnetwork
