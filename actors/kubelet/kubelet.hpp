// The kubelet role: how it is described to the host and spawned. One per node.
#pragma once
#include "runtime/host/role.hpp"
#include "runtime/protocols/kubelet.hpp"

namespace actors::kubelet {

namespace cri {
class container_runtime;
}
namespace workers {
class executor;
}

runtime::host::role_descriptor describe();

/// Where the kubelet's blocking work goes, and what runs its containers. Tests and simulations bring their
/// own.
struct kubelet_parts {
  std::shared_ptr<cri::container_runtime> runtime;
  std::shared_ptr<workers::executor> executor;
  bool hollow = false;
  /// Hollow: the addresses of its pods as soon as the node has a range.
  std::function<void(const std::string& range)> assign_range = {};
};

/// `context.settings`: see describe().
caf::strong_actor_ptr spawn(caf::actor_system& system, const runtime::host::role_context& context,
                            kubelet_parts parts);

} // namespace actors::kubelet
