// An actor of another simulated host, as seen from this one: what is sent to it goes over the link between the two, and it
// ends when the link does. Stands for CAF's proxies.
#pragma once

#include "runtime/simulation/ids.hpp"

#include <caf/actor_proxy.hpp>
#include <caf/all.hpp>

namespace runtime::simulation {

class network;

class remote_handle final : public caf::actor_proxy {
public:
  remote_handle(caf::actor_config& config, network& net, host_id viewer, host_id owner, caf::strong_actor_ptr target);

  void enqueue(caf::mailbox_element_ptr what, caf::execution_unit* context) override;
  void kill_proxy(caf::execution_unit* context, caf::error reason) override;

  const caf::strong_actor_ptr& target() const {
    return target_;
  }
  host_id owner() const {
    return owner_;
  }

private:
  network* network_; // null once it has ended
  host_id viewer_;
  host_id owner_;
  caf::strong_actor_ptr target_;
};

} // namespace runtime::simulation
