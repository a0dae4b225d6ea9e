// Pods and runtime states that the kubelet's tests begin with.
#pragma once
#include "actors/kubelet/pods/pod_status.hpp"

namespace sample {

namespace pods = actors::kubelet::pods;
namespace cri = actors::kubelet::cri;

constexpr int64_t second = 1'000'000;

inline pods::container_spec container(const std::string& name) {
  pods::container_spec c;
  c.name = name;
  c.image = "busybox:1";
  return c;
}

inline pods::pod_spec pod(std::vector<std::string> containers = {"main"},
                          std::vector<std::string> inits = {}) {
  pods::pod_spec p;
  p.ns = "default";
  p.name = "web";
  p.uid = "uid-1";
  p.node_name = "node-a";
  p.generation = 3;
  for (const auto& n : containers)
    p.containers.push_back(container(n));
  for (const auto& n : inits)
    p.init_containers.push_back(container(n));
  return p;
}

inline cri::sandbox sandbox(const std::string& id = "sb", bool ready = true, uint32_t attempt = 0) {
  cri::sandbox s;
  s.id = id;
  s.uid = "uid-1";
  s.attempt = attempt;
  s.ready = ready;
  s.ips = {"10.244.0.5"};
  return s;
}

inline cri::container instance(const std::string& name, cri::container_state state, int exit_code = 0,
                               uint32_t attempt = 0, const std::string& sandbox_id = "sb") {
  cri::container c;
  c.id = name + "-" + std::to_string(attempt);
  c.name = name;
  c.sandbox_id = sandbox_id;
  c.attempt = attempt;
  c.state = state;
  c.exit_code = exit_code;
  c.created_us = (100 + attempt) * second;
  c.started_us = (101 + attempt) * second;
  if (state == cri::container_state::exited)
    c.finished_us = (110 + attempt) * second;
  c.annotations[pods::annotation::restart_count] = std::to_string(attempt);
  c.annotations[pods::annotation::hash] = pods::container_hash(container(name));
  return c;
}

} // namespace sample
