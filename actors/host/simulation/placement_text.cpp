// The placement file of a simulated cluster.
#include "actors/host/simulation/cluster.hpp"

#include <fmt/format.h>

namespace actors::host::simulation {

namespace {

constexpr const char* singletons[] = {
  "controllers/deployment",       "controllers/replicaset",    "controllers/endpointslice",
  "controllers/endpoints",        "controllers/nodelifecycle", "controllers/nodeipam",
  "controllers/garbagecollector", "controllers/namespace",     "controllers/serviceaccount",
  "controllers/podgc",            "scheduler"};

} // namespace

std::string host_name(int index) {
  return fmt::format("host-{}", static_cast<char>('a' + index));
}

std::string placement_of(const cluster_shape& shape) {
  std::string text = "apiVersion: troupe.dev/v1\nkind: Placement\nhosts:\n";
  for (int i = 0; i < shape.hosts; ++i)
    text += fmt::format("  - {{ name: {}, address: 10.1.0.{}:7100 }}\n", host_name(i), i + 1);
  text += fmt::format("roles:\n  - {{ role: store, host: {}, history: {} }}\n", host_name(0), shape.history_seconds);
  for (int i = std::max(0, shape.hosts - shape.apiservers); i < shape.hosts; ++i)
    text += fmt::format("  - {{ role: apiserver, host: {}, address: 10.1.0.{}:6443 }}\n", host_name(i), i + 1);
  const int eligible = shape.singleton_hosts > 0 ? shape.singleton_hosts : shape.hosts;
  int turn = 0;
  for (const auto* role : singletons) {
    std::string hosts;
    for (int i = 0; i < eligible; ++i)
      hosts += (i == 0 ? "" : ", ") + host_name((turn + i) % eligible);
    text += fmt::format("  - {{ role: {}, hosts: [{}] }}\n", role, hosts);
    ++turn;
  }
  for (int i = 0; i < shape.hosts; ++i) {
    const int nodes = shape.nodes / shape.hosts + (i < shape.nodes % shape.hosts ? 1 : 0);
    if (nodes == 0)
      continue;
    text += fmt::format("  - {{ role: kubelet, host: {}, node: n{}, hollow: {} }}\n", host_name(i),
                        static_cast<char>('a' + i), nodes);
    text += fmt::format("  - {{ role: proxy, host: {}, node: n{}-0, rules: memory }}\n", host_name(i),
                        static_cast<char>('a' + i));
  }
  return text;
}

} // namespace actors::host::simulation
