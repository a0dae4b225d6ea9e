// Pods in a table: one word for the state of many containers.
#include "actors/apiserver/registry/core/pod/table.hpp"

#include <algorithm>

#include "actors/apiserver/registry/fields.hpp"
#include "actors/apiserver/registry/pod_template/containers.hpp"
#include "actors/apiserver/registry/scalars.hpp"
#include "actors/apiserver/registry/table/columns.hpp"

namespace actors::apiserver::registry::core::pod {

namespace {

struct summary {
  std::string reason;
  int64_t ready = 0, total = 0;
  int64_t restarts = 0;
  std::optional<int64_t> last_restart;

  void count_restarts(const draft& status) {
    restarts += status.get("restartCount").integer();
    auto ended = seconds_of(status.get("lastState").get("terminated").get("finishedAt"));
    if (ended && (!last_restart || *last_restart < *ended))
      last_restart = ended;
  }
};

bool has_condition(const draft& pod, std::string_view type, std::string_view value) {
  auto& conditions = pod.get("status").get("conditions").items();
  return std::any_of(conditions.begin(), conditions.end(), [&](auto& condition) {
    return condition.get("type").str() == type && condition.get("status").str() == value;
  });
}

std::string reason_of_end(const draft& terminated) {
  auto reason = terminated.get("reason").str();
  if (!reason.empty())
    return std::string(reason);
  if (auto signal = terminated.get("signal").integer())
    return "Signal:" + std::to_string(signal);
  return "ExitCode:" + std::to_string(terminated.get("exitCode").integer());
}

const draft* init_container(const draft& spec, std::string_view name) {
  for (auto& container : spec.get("initContainers").items())
    if (container.get("name").str() == name)
      return &container;
  return nullptr;
}

// Looks for the first init container that is not through. True while the pod initializes.
bool summarize_init(const draft& pod, summary& all, summary& sidecars) {
  auto& spec = pod.get("spec");
  auto& statuses = pod.get("status").get("initContainerStatuses").items();
  for (size_t i = 0; i < statuses.size(); ++i) {
    auto& status = statuses[i];
    auto& state = status.get("state");
    auto* container = init_container(spec, status.get("name").str());
    bool sidecar = container && pod_template::is_sidecar(*container);
    all.count_restarts(status);
    if (sidecar)
      sidecars.count_restarts(status);
    bool ended = has(state, "terminated");
    if (ended && state.get("terminated").get("exitCode").integer() == 0)
      continue;
    if (sidecar && status.get("started").boolean()) {
      all.ready += status.get("ready").boolean();
      continue;
    }
    auto waiting = state.get("waiting").get("reason").str();
    if (ended)
      all.reason = "Init:" + reason_of_end(state.get("terminated"));
    else if (!waiting.empty() && waiting != "PodInitializing")
      all.reason = "Init:" + std::string(waiting);
    else
      all.reason = "Init:" + std::to_string(i) + "/" + std::to_string(spec.get("initContainers").size());
    return true;
  }
  return false;
}

void summarize_running(const draft& pod, summary& all) {
  bool running = false;
  auto& statuses = pod.get("status").get("containerStatuses").items();
  for (size_t i = statuses.size(); i-- > 0;) {
    auto& status = statuses[i];
    auto& state = status.get("state");
    all.count_restarts(status);
    auto waiting = state.get("waiting").get("reason").str();
    if (!waiting.empty()) {
      all.reason = waiting;
    } else if (has(state, "terminated")) {
      all.reason = reason_of_end(state.get("terminated"));
    } else if (status.get("ready").boolean() && has(state, "running")) {
      running = true;
      ++all.ready;
    }
  }
  if (all.reason == "Completed" && running)
    all.reason = has_condition(pod, "Ready", "True") ? "Running" : "NotReady";
}

summary summarize(const draft& pod) {
  auto& spec = pod.get("spec");
  auto& status = pod.get("status");
  summary all;
  auto phase = status.get("phase").str();
  all.reason = has_text(status, "reason") ? status.get("reason").str() : phase;
  for (auto& condition : status.get("conditions").items())
    if (condition.get("type").str() == "PodScheduled" && condition.get("reason").str() == "SchedulingGated")
      all.reason = "SchedulingGated";
  all.total = static_cast<int64_t>(spec.get("containers").size());
  for (auto& container : spec.get("initContainers").items())
    all.total += pod_template::is_sidecar(container);
  summary sidecars;
  if (!summarize_init(pod, all, sidecars) || has_condition(pod, "Initialized", "True")) {
    // Once it runs, restarts of finished init containers are history.
    all.restarts = sidecars.restarts;
    all.last_restart = sidecars.last_restart;
    summarize_running(pod, all);
  }
  if (has(pod.get("metadata"), "deletionTimestamp")) {
    if (status.get("reason").str() == "NodeLost")
      all.reason = "Unknown";
    else if (phase != "Failed" && phase != "Succeeded")
      all.reason = "Terminating";
  }
  return all;
}

std::string readiness_gates(const draft& pod) {
  auto& gates = pod.get("spec").get("readinessGates").items();
  if (gates.empty())
    return "<none>";
  auto met = std::count_if(gates.begin(), gates.end(), [&](auto& gate) {
    return has_condition(pod, gate.get("conditionType").str(), "True");
  });
  return std::to_string(met) + "/" + std::to_string(gates.size());
}

} // namespace

std::vector<table_column> columns() {
  return {
    table::name_column,
    table::text_column("Ready", "The aggregate readiness state of this pod for accepting traffic."),
    table::text_column("Status", "The aggregate status of the containers in this pod."),
    table::text_column("Restarts", "How often the containers in this pod were restarted, and when last."),
    table::age_column,
    table::text_column("IP", "The address of the pod.", 1),
    table::text_column("Node", "The node that runs the pod.", 1),
    table::text_column("Nominated Node", "The node where others give way for the pod.", 1),
    table::text_column("Readiness Gates", "Further conditions of readiness that are met.", 1)};
}

void cells(const draft& pod, int64_t now_seconds, std::vector<draft>& out) {
  auto all = summarize(pod);
  auto restarts = std::to_string(all.restarts);
  if (all.restarts && all.last_restart)
    restarts += " (" + table::human_duration(now_seconds - *all.last_restart) + " ago)";
  auto& ips = pod.get("status").get("podIPs").items();
  out.push_back(table::name_of(pod));
  out.push_back(std::to_string(all.ready) + "/" + std::to_string(all.total));
  out.push_back(all.reason);
  out.push_back(restarts);
  out.push_back(table::age(pod, now_seconds));
  out.push_back(table::or_none(ips.empty() ? std::string_view() : ips.front().get("ip").str()));
  out.push_back(table::or_none(pod.get("spec").get("nodeName").str()));
  out.push_back(table::or_none(pod.get("status").get("nominatedNodeName").str()));
  out.push_back(readiness_gates(pod));
}

} // namespace actors::apiserver::registry::core::pod
