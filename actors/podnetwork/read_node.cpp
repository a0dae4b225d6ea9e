// Fields of Node, annotations and the condition NetworkUnavailable, with the reasons of upstream's route controller.
#include "actors/podnetwork/read_node.hpp"

#include "messages/api/core/v1/node_generated.h"
#include "messages/codec/time.hpp"

namespace actors::podnetwork {
namespace {

namespace core = messages::api::core::v1;
using messages::codec::draft;

constexpr const char* condition_type = "NetworkUnavailable";
constexpr const char* hollow_label = "troupe.dev/hollow";

std::string text(const flatbuffers::String* value) { return value ? value->str() : std::string(); }

template <class Entries>
std::string value_of(const Entries* entries, std::string_view key) {
  if (entries)
    for (const auto* entry : *entries)
      if (entry->key() && entry->key()->string_view() == key)
        return text(entry->value());
  return {};
}

std::optional<plan::ipv4> internal_address(const core::Node& node) {
  if (node.status() && node.status()->addresses())
    for (const auto* item : *node.status()->addresses())
      if (text(item->type()) == "InternalIP")
        if (auto address = runtime::net::parse_ipv4(text(item->address())))
          return address;
  return std::nullopt;
}

std::vector<plan::ipv4_network> ranges_of(const core::Node& node) {
  std::vector<plan::ipv4_network> result;
  const auto* spec = node.spec();
  if (!spec)
    return result;
  if (spec->podCIDRs())
    for (const auto* cidr : *spec->podCIDRs())
      if (auto range = runtime::net::parse_ipv4_network(cidr->string_view()))
        result.push_back(*range);
  if (result.empty())
    if (auto range = runtime::net::parse_ipv4_network(text(spec->podCIDR())))
      result.push_back(*range);
  return result;
}

const core::NodeCondition* find_condition(const core::Node& node) {
  if (node.status() && node.status()->conditions())
    for (const auto* item : *node.status()->conditions())
      if (text(item->type()) == condition_type)
        return item;
  return nullptr;
}

} // namespace

plan::node_view read_node(const core::Node& node) {
  plan::node_view result;
  if (const auto* metadata = node.metadata()) {
    result.name = text(metadata->name());
    result.transport = value_of(metadata->annotations(), transport_annotation);
    result.hollow = value_of(metadata->labels(), hollow_label) == "true";
  }
  result.address = internal_address(node);
  result.ranges = ranges_of(node);
  return result;
}

node_state state_as_wanted(const std::string& transport, uint32_t mtu, const std::string& error) {
  node_state result{transport, mtu ? std::to_string(mtu) : "", error.empty(), "RouteCreated",
                    "the pod network of this node is up: " + transport};
  if (!error.empty()) {
    result.reason = "NoRouteCreated";
    result.message = error.substr(0, message_length_max);
  }
  return result;
}

node_state read_state(const core::Node& node) {
  node_state result;
  if (node.metadata()) {
    result.transport = value_of(node.metadata()->annotations(), transport_annotation);
    result.mtu = value_of(node.metadata()->annotations(), mtu_annotation);
  }
  if (const auto* condition = find_condition(node)) {
    result.available = text(condition->status()) == "False";
    result.reason = text(condition->reason());
    result.message = text(condition->message());
  }
  return result;
}

draft annotations_patch(const node_state& state) {
  const auto value = [](const std::string& text) { return text.empty() ? draft() : draft(text); }; // null removes
  auto annotations = draft::make_object({{transport_annotation, value(state.transport)}, {mtu_annotation, value(state.mtu)}});
  return draft::make_object({{"metadata", draft::make_object({{"annotations", std::move(annotations)}})}});
}

draft condition_patch(const node_state& state, int64_t now_seconds, int64_t since_seconds) {
  auto conditions = draft::make_array();
  conditions.push_back(draft::make_object({{"type", condition_type},
                                           {"status", state.available ? "False" : "True"},
                                           {"reason", state.reason},
                                           {"message", state.message},
                                           {"lastHeartbeatTime", messages::codec::format_time(now_seconds)},
                                           {"lastTransitionTime", messages::codec::format_time(since_seconds)}}));
  return draft::make_object({{"status", draft::make_object({{"conditions", std::move(conditions)}})}});
}

int64_t transition_seconds(const core::Node& node, const node_state& state, int64_t now_seconds) {
  const auto* condition = find_condition(node);
  if (!condition || text(condition->status()) != (state.available ? "False" : "True"))
    return now_seconds;
  return condition->lastTransitionTime().value_or(now_seconds);
}

} // namespace actors::podnetwork
