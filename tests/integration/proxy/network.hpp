// The node of these tests: this process, in a network namespace of its own, with a bridge for pods and a
// neighbour outside of the cluster. All of it vanishes with the process.
#pragma once

#include "tests/integration/proxy/pod.hpp"

#include <memory>
#include <optional>

namespace network {

inline constexpr const char* node_address = "192.0.2.1";

// Moves this process into a new network namespace. The reason when that is not possible.
std::optional<std::string> enter_own_namespace();

struct node {
  node();
  ~node();

  std::unique_ptr<pod> a;       // 10.244.0.2
  std::unique_ptr<pod> b;       // 10.244.0.3
  std::unique_ptr<pod> outside; // 192.0.2.2
};

} // namespace network
