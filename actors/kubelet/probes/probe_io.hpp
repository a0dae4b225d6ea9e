// Runs one attempt of a probe or hook: http, tcp, grpc health, exec. Blocks up to the deadline; a worker's
// thread calls it.
#pragma once
#include "actors/kubelet/cri/container_runtime.hpp"
#include "actors/kubelet/pods/pod_spec.hpp"
#include "actors/kubelet/probes/probe_state.hpp"

namespace actors::kubelet::probes {

struct attempt {
  outcome result = outcome::unknown; ///< unknown: the attempt itself failed (the runtime did not answer)
  std::string message;               ///< upstream's words, for the Unhealthy event
};

/// Where the action goes: the pod's address, and the container that names ports.
struct target {
  std::string container_id, pod_ip;
  const pods::container_spec* container = nullptr;
};

attempt run(const pods::handler&, const target&, int64_t timeout_s, cri::container_runtime&);

/// `host` may be a name or an address. Success is 200 to 399; redirects to the same host are followed.
attempt http_get(const std::string& scheme, const std::string& host, int port, const std::string& path,
                 const std::vector<pods::http_header>& headers, int64_t timeout_s);
attempt tcp_connect(const std::string& host, int port, int64_t timeout_s);

/// The port's number, from the container's ports when it is named; 0: there is none of that name.
int resolve_port(const pods::handler&, const pods::container_spec*);

} // namespace actors::kubelet::probes
