// The seam between the role and the machine's network: the kernel on a real node, a script in tests. Used from one
// thread, the writer actor's.
#pragma once

#include "actors/podnetwork/plan/model.hpp"

#include <functional>
#include <memory>

namespace actors::podnetwork {

struct network_report {
  std::string error;                 // "": the network is as wanted
  std::vector<std::string> problems; // nodes that cannot be reached, and why
  uint32_t pod_mtu = 0;              // 0: nothing to say
  bool reachable = false;            // others' packets for our pods can come in
  size_t routes = 0;                 // that are wanted
  size_t changes = 0;                // that were made
};

class network_writer {
public:
  virtual ~network_writer() = default;
  // Brings the machine's network in step with `nodes`, and repairs what others changed. May throw.
  virtual network_report reconcile(const std::vector<plan::node_view>& nodes) = 0;
};

// Called on the writer's thread. May throw.
using network_writer_factory = std::function<std::unique_ptr<network_writer>()>;

} // namespace actors::podnetwork
