// Services, ConfigMaps, Secrets and the status of pods into plain structs.
#include "actors/kubelet/objects/pod_reader.hpp"
#include "actors/kubelet/objects/volume_reader.hpp"
#include "messages/api/core/v1/config_generated.h"
#include "messages/api/core/v1/pod_generated.h"
#include "messages/api/core/v1/service_generated.h"

namespace actors::kubelet::objects {
namespace {

namespace meta = messages::api::meta::v1;
using namespace pods;

terminated_state read_terminated(const core::ContainerStateTerminated& t) {
  return {t.exitCode(),
          t.signal(),
          text(t.reason()),
          text(t.message()),
          text(t.containerID()),
          t.startedAt().value_or(0),
          t.finishedAt().value_or(0)};
}

pods::container_state read_state(const core::ContainerState* from) {
  pods::container_state s;
  if (!from)
    return s;
  if (from->waiting())
    s.waiting = waiting_state{text(from->waiting()->reason()), text(from->waiting()->message())};
  if (from->running())
    s.running = running_state{from->running()->startedAt().value_or(0)};
  if (from->terminated())
    s.terminated = read_terminated(*from->terminated());
  return s;
}

container_report read_report(const core::ContainerStatus& from) {
  container_report r;
  r.name = text(from.name());
  r.image = text(from.image());
  r.image_id = text(from.imageID());
  r.container_id = text(from.containerID());
  r.restart_count = from.restartCount();
  r.ready = from.ready();
  r.started = optional(from.started());
  r.state = read_state(from.state());
  r.last = read_state(from.lastState());
  return r;
}

bool is_ours(const std::string& type) {
  for (const char* own :
       {"PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"})
    if (type == own)
      return true;
  return false;
}

} // namespace

std::optional<pod_status> read_status(const core::Pod& pod) {
  const auto* from = pod.status();
  if (!from || !from->startTime())
    return std::nullopt; // no kubelet has written it yet
  pod_status s;
  s.phase = text(from->phase());
  s.reason = text(from->reason());
  s.message = text(from->message());
  s.host_ip = text(from->hostIP());
  s.qos = text(from->qosClass());
  each(from->podIPs(), [&](const core::PodIP& ip) { s.pod_ips.push_back(text(ip.ip())); });
  s.start_s = *from->startTime();
  s.observed_generation = from->observedGeneration();
  each(from->conditions(), [&](const core::PodCondition& c) {
    if (is_ours(text(c.type())))
      s.conditions.push_back({text(c.type()), text(c.status()), text(c.reason()), text(c.message()),
                              c.lastTransitionTime().value_or(0), c.observedGeneration()});
  });
  each(from->initContainerStatuses(),
       [&](const core::ContainerStatus& c) { s.init_containers.push_back(read_report(c)); });
  each(from->containerStatuses(),
       [&](const core::ContainerStatus& c) { s.containers.push_back(read_report(c)); });
  return s;
}

resources::service_link read_service(const core::Service& from) {
  resources::service_link s;
  if (from.metadata())
    s.ns = text(from.metadata()->namespace_()), s.name = text(from.metadata()->name());
  if (!from.spec())
    return s;
  s.cluster_ip = text(from.spec()->clusterIP());
  each(from.spec()->ports(), [&](const core::ServicePort& p) {
    s.ports.push_back({text(p.name()), text(p.protocol()), p.port()});
  });
  return s;
}

resources::object_data read_data(const core::ConfigMap& from) {
  resources::object_data data;
  each(from.data(), [&](const meta::StringEntry& e) { data[text(e.key())] = text(e.value()); });
  each(from.binaryData(), [&](const meta::BytesEntry& e) {
    if (e.value())
      data[text(e.key())].assign(e.value()->begin(), e.value()->end());
  });
  return data;
}

resources::object_data read_data(const core::Secret& from) {
  resources::object_data data;
  each(from.data(), [&](const meta::BytesEntry& e) {
    auto& value = data[text(e.key())];
    if (e.value())
      value.assign(e.value()->begin(), e.value()->end());
  });
  return data;
}

} // namespace actors::kubelet::objects
