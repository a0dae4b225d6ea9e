#include "actors/apiserver/http/cluster_state.hpp"
#include "messages/codec/text.hpp"

#include <algorithm>

#include "actors/apiserver/registry/kind.hpp"
#include "messages/api/core/v1/node_generated.h"
#include "messages/api/core/v1/pod_generated.h"
#include "messages/codec/json.hpp"

namespace actors::apiserver::http {

using messages::codec::view_of;

namespace {

using messages::api::core::v1::Node;
using messages::api::core::v1::Pod;
using messages::codec::draft;

using namespace runtime::telemetry;

int64_t number(uint64_t value) { return static_cast<int64_t>(value); }

draft to_draft(const actor_sample& actor) {
  const auto& row = actor.row;
  double seconds = 0;
  for (const auto& times : actor.times)
    seconds += times.seconds;
  return draft::make_object({{"id", row.id},
                             {"role", row.role},
                             {"parent", actor.parent},
                             {"state", to_string(row.state)},
                             {"restarts", number(row.restarts())},
                             {"mailbox", number(row.mailbox_depth)},
                             {"rate", row.messages_per_second},
                             {"handled", number(actor.handled)},
                             {"seconds", seconds},
                             {"epoch", actor.epoch},
                             {"takeovers", number(actor.takeovers)},
                             {"swaps", number(actor.swaps)},
                             {"failure", row.last_failure}});
}

draft to_draft(const host_sample& host) {
  auto actors = draft::make_array();
  for (const auto& actor : host.actors)
    actors.push_back(to_draft(actor));
  auto links = draft::make_array();
  for (const auto& link : host.links)
    links.push_back(draft::make_object({{"peer", link.peer},
                                        {"state", link.state},
                                        {"reason", link.reason},
                                        {"roundTripMicros", link.round_trip_us},
                                        {"bytesIn", number(link.bytes_in)},
                                        {"bytesOut", number(link.bytes_out)}}));
  return draft::make_object({{"name", host.host},
                             {"version", host.version},
                             {"cpuSeconds", host.process.cpu_seconds},
                             {"residentBytes", number(host.process.resident_bytes)},
                             {"startSeconds", host.process.start_seconds},
                             {"actors", std::move(actors)},
                             {"links", std::move(links)}});
}

struct pod_counts {
  int64_t total = 0, running = 0, ready = 0, pending = 0, failed = 0, other = 0;
};

struct pod_line {
  bool well = false;
  draft shown;
};

/// The phase that people look for: why a container waits says more than "Pending".
std::string_view shown_phase(const Pod& pod) {
  if (pod.metadata() != nullptr && pod.metadata()->deletionTimestamp().has_value())
    return "Terminating";
  if (const auto* status = pod.status()) {
    if (const auto* containers = status->containerStatuses())
      for (const auto* container : *containers)
        if (container->state() != nullptr && container->state()->waiting() != nullptr)
          if (const auto reason = view_of(container->state()->waiting()->reason()); !reason.empty())
            return reason;
    if (const auto reason = view_of(status->reason()); !reason.empty())
      return reason;
    if (const auto phase = view_of(status->phase()); !phase.empty())
      return phase;
  }
  return "Pending";
}

pod_line line_of(const Pod& pod, pod_counts& counts) {
  int64_t containers = 0, ready = 0, restarts = 0;
  if (const auto* spec = pod.spec(); spec != nullptr && spec->containers() != nullptr)
    containers = static_cast<int64_t>(spec->containers()->size());
  const auto* status = pod.status();
  if (status != nullptr && status->containerStatuses() != nullptr)
    for (const auto* container : *status->containerStatuses()) {
      ready += container->ready();
      restarts += container->restartCount();
    }
  const auto phase = status == nullptr ? std::string_view{} : view_of(status->phase());
  ++counts.total;
  ++(phase == "Running" ? counts.running
     : phase == "Failed" ? counts.failed
     : phase.empty() || phase == "Pending" ? counts.pending : counts.other);
  const bool all_ready = phase == "Running" && ready == containers;
  counts.ready += all_ready;
  const auto* metadata = pod.metadata();
  pod_line result;
  result.well = all_ready || phase == "Succeeded";
  result.shown = draft::make_object(
    {{"namespace", metadata == nullptr ? std::string_view{} : view_of(metadata->namespace_())},
     {"name", metadata == nullptr ? std::string_view{} : view_of(metadata->name())},
     {"phase", shown_phase(pod)},
     {"containers", containers},
     {"ready", ready},
     {"restarts", restarts},
     {"node", pod.spec() == nullptr ? std::string_view{} : view_of(pod.spec()->nodeName())},
     {"ip", status == nullptr ? std::string_view{} : view_of(status->podIP())}});
  return result;
}

/// Visits all objects of a resource of the core group.
template <class Visit>
void each(cache::watch_cache& cache, std::string_view plural, Visit visit) {
  const auto* kind = registry::find_kind("", "v1", plural);
  if (kind == nullptr)
    return;
  const auto state = cache.shard_of(kind->key_prefix).read();
  if (state == nullptr)
    return;
  state->objects.visit(kind->key_prefix, "", [&](std::string_view, const cache::object_ptr& object) {
    visit(*object);
    return true;
  });
}

void add_pods(draft& result, cache::watch_cache& cache, std::map<std::string, int64_t, std::less<>>& per_node) {
  pod_counts counts;
  std::vector<pod_line> well, unwell;
  each(cache, "pods", [&](const cache::cached_object& object) {
    const auto bytes = object.bytes();
    const auto* pod = bytes.root<Pod>();
    if (pod->spec() != nullptr)
      if (const auto node = view_of(pod->spec()->nodeName()); !node.empty())
        ++per_node[std::string{node}];
    auto line = line_of(*pod, counts);
    auto& list = line.well ? well : unwell;
    if (list.size() < state_pods_max)
      list.push_back(std::move(line));
  });
  auto pods = draft::make_array();
  for (auto* list : {&unwell, &well})
    for (auto& line : *list)
      if (pods.size() < state_pods_max)
        pods.push_back(std::move(line.shown));
  result.set("pods", std::move(pods));
  result.set("podCounts", draft::make_object({{"total", counts.total},
                                              {"running", counts.running},
                                              {"ready", counts.ready},
                                              {"pending", counts.pending},
                                              {"failed", counts.failed},
                                              {"other", counts.other}}));
}

void add_nodes(draft& result, cache::watch_cache& cache, const std::map<std::string, int64_t, std::less<>>& pods) {
  auto nodes = draft::make_array();
  int64_t total = 0, ready = 0;
  each(cache, "nodes", [&](const cache::cached_object& object) {
    const auto bytes = object.bytes();
    const auto* node = bytes.root<Node>();
    std::string_view state = "Unknown";
    if (node->status() != nullptr && node->status()->conditions() != nullptr)
      for (const auto* condition : *node->status()->conditions())
        if (view_of(condition->type()) == "Ready")
          state = view_of(condition->status()) == "True"    ? "Ready"
                  : view_of(condition->status()) == "False" ? "NotReady"
                                                         : "Unknown";
    ++total;
    ready += state == "Ready";
    if (nodes.size() >= state_nodes_max)
      return;
    const auto name = node->metadata() == nullptr ? std::string_view{} : view_of(node->metadata()->name());
    const auto found = pods.find(name);
    const bool cordoned = node->spec() != nullptr && node->spec()->unschedulable();
    nodes.push_back(draft::make_object({{"name", name},
                                        {"state", state},
                                        {"schedulable", !cordoned},
                                        {"pods", found == pods.end() ? int64_t{0} : found->second}}));
  });
  result.set("nodes", std::move(nodes));
  result.set("nodeCounts", draft::make_object({{"total", total}, {"ready", ready}}));
}

} // namespace

std::string render_cluster_state(const cluster_state& state, cache::watch_cache& cache) {
  auto hosts = draft::make_array();
  for (const auto& host : state.hosts)
    hosts.push_back(to_draft(host));
  auto result = draft::make_object({{"host", state.own_host},
                                    {"user", state.user},
                                    {"mayAct", state.may_act},
                                    {"timeMicros", state.now_us},
                                    {"hosts", std::move(hosts)}});
  std::map<std::string, int64_t, std::less<>> pods_per_node;
  add_pods(result, cache, pods_per_node);
  add_nodes(result, cache, pods_per_node);
  return messages::codec::to_json(result);
}

} // namespace actors::apiserver::http
