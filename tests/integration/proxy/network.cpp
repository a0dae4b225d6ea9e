// Sets the node up with the `ip` program.
#include "tests/integration/proxy/network.hpp"

#include <sched.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace network {

std::optional<std::string> enter_own_namespace() {
  if (geteuid() != 0)
    return "needs root for network namespaces";
  if (std::system("ip -V >/dev/null 2>&1") != 0)
    return "needs the program ip (package iproute2)";
  if (unshare(CLONE_NEWNET) != 0)
    return std::string("no network namespace: ") + std::strerror(errno);
  return std::nullopt;
}

node::node() {
  shell("ip link set lo up && echo 1 > /proc/sys/net/ipv4/ip_forward");
  shell("ip link add pods type bridge && ip addr add 10.244.0.1/24 dev pods && ip link set pods up");
  // As CNI's hairpinMode: a pod that reaches itself through a service leaves and enters by the same port.
  a = std::make_unique<pod>("a", "pod-a", "10.244.0.2/24", "10.244.0.1");
  b = std::make_unique<pod>("b", "pod-b", "10.244.0.3/24", "10.244.0.1");
  for (const auto* link : {"pod-a", "pod-b"})
    shell(std::string("ip link set ") + link + " master pods && bridge link set dev " + link + " hairpin on");
  outside = std::make_unique<pod>("outside", "uplink", "192.0.2.2/24", node_address);
  shell(std::string("ip addr add ") + node_address + "/24 dev uplink");
}

node::~node() {
  a.reset(), b.reset(), outside.reset();
  std::system("ip link del pods 2>/dev/null");
}

} // namespace network
